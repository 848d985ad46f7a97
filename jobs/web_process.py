"""The application as one of several web processes loads it."""

import os

from scene3d.engine.native.lifetime import die_with_parent

die_with_parent(os.getppid())

from scene3d.asgi import application  # noqa: E402  # an orphan need not load it

__all__ = ["application"]
