import numpy as np
import pytest

from scene3d.engine.synthetic.cameras import TrueCamera, Viewpoint


def make_camera(k1: float = -0.06) -> TrueCamera:
    return TrueCamera(
        device="device-0",
        width_px=1200,
        height_px=900,
        focal_px=980.0,
        centre_x_px=600.0,
        centre_y_px=450.0,
        k1=k1,
    )


@pytest.mark.parametrize("k1", [-0.12, -0.05, 0.0, 0.2])
def test_unproject_inverts_the_distortion(k1: float) -> None:
    camera = make_camera(k1)
    rng = np.random.default_rng(1)
    corners_px = np.array([[0.0, 0.0], [1200.0, 900.0], [600.0, 450.0], [600.0, 0.5]])
    xy_px = np.concatenate([corners_px, rng.uniform((0, 0), (1200, 900), size=(500, 2))])

    plane_xy = camera.unproject(xy_px)
    points = np.concatenate([plane_xy, np.ones((len(plane_xy), 1))], axis=1)

    assert np.abs(camera.project(3.7 * points) - xy_px).max() < 1e-6
    undistorted_px = camera.focal_px * plane_xy + [600.0, 450.0]
    bend_px = np.abs(undistorted_px - xy_px).max()
    assert bend_px > 5.0 if k1 else bend_px < 1e-9


def test_project_is_colmaps_simple_radial() -> None:
    camera = make_camera(k1=-0.1)

    xy_px = camera.project(np.array([[0.6, -0.4, 2.0]]))

    # x = 0.3, y = -0.2, r^2 = 0.13: scale 0.987; 980 * 0.987 = 967.26
    assert xy_px == pytest.approx(np.array([[600 + 0.3 * 967.26, 450 - 0.2 * 967.26]]))


def test_pixel_centres_have_colmaps_origin() -> None:
    xy_px = make_camera().pixel_centres()

    assert xy_px.shape == (900, 1200, 2)
    assert xy_px[0, 0].tolist() == [0.5, 0.5]
    assert xy_px[7, 3].tolist() == [3.5, 7.5]
    assert make_camera().pixel_centres(2)[0, 1].tolist() == [0.75, 0.25]


def test_turned_swaps_width_and_height_only() -> None:
    turned = make_camera().turned()

    assert (turned.width_px, turned.height_px) == (900, 1200)
    assert (turned.centre_x_px, turned.centre_y_px) == (450.0, 600.0)
    assert (turned.focal_px, turned.k1) == (980.0, -0.06)
    assert turned.turned() == make_camera()


def test_viewpoint_looks_at_its_target_upright() -> None:
    view = Viewpoint(eye=(3.0, -5.0, 1.6), target=(0.5, 1.0, 2.0))
    cam_from_world = view.cam_from_world()

    eye, target, above, right = cam_from_world.apply(
        np.array([view.eye, view.target, (0.5, 1.0, 3.0), (1.5, 1.0 + 2.5 / 6, 2.0)])
    )

    assert eye == pytest.approx(np.zeros(3))
    assert target[:2] == pytest.approx(np.zeros(2))
    assert target[2] == pytest.approx(np.linalg.norm(np.subtract(view.eye, view.target)))
    assert above[0] == pytest.approx(0.0)
    assert above[1] < -0.9
    assert right[0] > 0.9
    assert np.linalg.det(cam_from_world.rotation) == pytest.approx(1.0)


def test_roll_turns_around_the_optical_axis() -> None:
    level = Viewpoint(eye=(0.0, -4.0, 1.0), target=(0.0, 0.0, 1.0)).cam_from_world()
    rolled = Viewpoint(eye=(0.0, -4.0, 1.0), target=(0.0, 0.0, 1.0), roll_deg=90).cam_from_world()

    up = np.array([[0.0, 0.0, 2.0]])

    assert level.apply(up)[0] == pytest.approx([0.0, -1.0, 4.0])
    assert rolled.apply(up)[0] == pytest.approx([-1.0, 0.0, 4.0])


def test_inverse_undoes_a_transform() -> None:
    cam_from_world = Viewpoint(eye=(1.0, 2.0, 3.0), target=(0.0, 0.0, 0.0)).cam_from_world()
    points = np.random.default_rng(2).normal(size=(10, 3))

    there_and_back = cam_from_world.inverse().apply(cam_from_world.apply(points))

    assert there_and_back == pytest.approx(points)
