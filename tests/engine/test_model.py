import numpy as np

from scene3d.engine.seeding import generator

from .builders import make_model, random_rotations


def test_counts_are_those_of_points_photos_and_tracks() -> None:
    model = make_model(np.zeros((3, 3)), tracks=[[4, 7], [4], [4, 7, 8]], photo_indices=(4, 7, 8))
    assert (model.num_points, model.num_registered) == (3, 3)
    assert model.track_lengths.tolist() == [2, 1, 3]
    empty = make_model([])
    assert (empty.num_points, empty.track_lengths.tolist()) == (0, [])


def test_centres_are_what_the_poses_map_to_zero() -> None:
    rotations = random_rotations(generator(1, "poses"), 5)
    model = make_model([], photo_indices=range(5), rotations_cam_from_world=rotations)
    for rotation, translation, center in zip(
        rotations, model.translation_cam_from_world, model.centers_in_world, strict=True
    ):
        assert np.abs(rotation @ center + translation).max() < 1e-12
