"""A model whose world has up along +Z and its origin amid the points."""

import numpy as np
import pycolmap

from scene3d.engine.geometry.upright import find_up, upright_from_world


def make_upright(model: pycolmap.Reconstruction) -> None:
    """Turn and move the world of `model`; its scale stays COLMAP's."""
    poses = [model.images[image_id].cam_from_world() for image_id in model.reg_image_ids()]
    up = find_up(np.array([pose.rotation.matrix() for pose in poses]))
    rotation = upright_from_world(up.direction)
    xyz = np.array([point.xyz for point in model.points3D.values()]).reshape(-1, 3)
    centre = np.median(xyz @ rotation.T, axis=0) if len(xyz) else np.zeros(3)
    model.transform(pycolmap.Sim3d(1.0, pycolmap.Rotation3d(rotation), -centre))
