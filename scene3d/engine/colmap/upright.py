"""A model whose world has up along +Z and its origin amid the points."""

import numpy as np
import pycolmap

from scene3d.engine.geometry.upright import find_up, upright_from_world

_MIDDLE = 0.5


def make_upright(model: pycolmap.Reconstruction) -> None:
    """Turn and move the world of `model`; its scale stays COLMAP's."""
    poses = [model.images[image_id].cam_from_world() for image_id in model.reg_image_ids()]
    up = find_up(np.array([pose.rotation.matrix() for pose in poses]))
    rotation = pycolmap.Rotation3d(upright_from_world(up.direction))
    model.transform(pycolmap.Sim3d(1.0, rotation, np.zeros(3)))
    if model.num_points3D():
        median = model.compute_centroid(_MIDDLE, _MIDDLE)  # in C++: snapshots cannot wait
        model.transform(pycolmap.Sim3d(1.0, pycolmap.Rotation3d(), -median))
