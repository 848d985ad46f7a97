"""Photos of scenes that are known exactly, for tests, the self-test and the demo."""

from scene3d.engine.synthetic.cameras import RigidTransform, TrueCamera, TruePhoto
from scene3d.engine.synthetic.labels import write_labels
from scene3d.engine.synthetic.options import SAMPLE, TINY, SceneOptions
from scene3d.engine.synthetic.scenes import (
    TrueScene,
    describe_scene,
    render_scene,
    render_unrelated,
)

__all__ = [
    "SAMPLE",
    "TINY",
    "RigidTransform",
    "SceneOptions",
    "TrueCamera",
    "TruePhoto",
    "TrueScene",
    "describe_scene",
    "render_scene",
    "render_unrelated",
    "write_labels",
]
