"""Daily use on one's own machine: the embedded stack, over plain HTTP on loopback."""

from scene3d.settings.base import *
