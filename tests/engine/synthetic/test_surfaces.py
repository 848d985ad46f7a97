import numpy as np
import pytest

from scene3d.engine.synthetic.arrays import FloatArray
from scene3d.engine.synthetic.curved import Frustum, Spheroid
from scene3d.engine.synthetic.patterns import Grid, Layer
from scene3d.engine.synthetic.solids import Wall, box, obelisk, turned
from scene3d.engine.synthetic.surfaces import (
    Arch,
    Flank,
    Rays,
    Rectangle,
    Relief,
    Ring,
    Surface,
    Trapezoid,
    Wave,
)


def blank(grid: Grid, seed: int) -> Layer:
    del seed
    return Layer(np.full((*grid.shape, 3), 0.5, np.float32), np.zeros(grid.shape, np.float32))


SURFACES: dict[str, Surface] = {
    "rectangle": Wall(corner=(1.0, 2.0, 0.5), heading_deg=-65.0).panel(
        Rectangle(0.0, 0.0, 3.0, 2.0), blank
    ),
    "relief": Relief(
        corner=(-2.0, 0.0, 0.0),
        axis_u=(1.0, 0.0, 0.0),
        axis_v=(0.0, 0.0, 1.0),
        outline=Rectangle(0.0, 0.0, 4.0, 3.0),
        waves=(Wave(0.1, 1.9, 0.7, 0.3), Wave(0.05, -1.2, 2.6, 1.1)),
        material=blank,
    ),
    "cylinder": Frustum(
        centre=(0.5, -1.0, 0.2),
        bottom_radius_m=0.7,
        top_radius_m=0.7,
        height_m=1.4,
        material=blank,
    ),
    "cone": Frustum(
        centre=(0.5, -1.0, 0.2),
        bottom_radius_m=0.9,
        top_radius_m=0.1,
        height_m=0.6,
        material=blank,
    ),
    "barrel along x": Frustum(
        centre=(-1.0, 0.0, 1.0),
        bottom_radius_m=0.6,
        top_radius_m=0.5,
        height_m=2.0,
        axis="x",
        material=blank,
    ),
    "barrel along y": Frustum(
        centre=(0.3, 0.4, 1.0),
        bottom_radius_m=0.4,
        top_radius_m=0.5,
        height_m=2.0,
        axis="y",
        material=blank,
    ),
    "sphere": Spheroid(centre=(1.0, 1.0, 1.0), radius_m=0.8, half_height_m=0.8, material=blank),
    "dome": Spheroid(
        centre=(1.0, 1.0, 1.0),
        radius_m=1.8,
        half_height_m=1.2,
        latitudes_deg=(0.0, 90.0),
        material=blank,
    ),
    "dome from inside": Spheroid(
        centre=(1.0, 1.0, 1.0),
        radius_m=1.8,
        half_height_m=1.2,
        latitudes_deg=(0.0, 90.0),
        inside=True,
        material=blank,
    ),
}


def samples(surface: Surface) -> tuple[FloatArray, FloatArray]:
    """Surface coordinates (200,) each, a little inside the border."""
    extent = surface.extent
    rng = np.random.default_rng(5)
    u_m = rng.uniform(0.98 * extent.u_min + 0.02 * extent.u_max, 0.98 * extent.u_max, 200)
    v_m = rng.uniform(0.98 * extent.v_min + 0.02 * extent.v_max, 0.98 * extent.v_max, 200)
    return u_m, v_m


@pytest.mark.parametrize("name", SURFACES)
def test_rays_to_known_points_hit_there(name: str) -> None:
    surface = SURFACES[name]
    u_m, v_m = samples(surface)
    patch = surface.patch(u_m, v_m)
    eyes = patch.points + 0.3 * patch.normals
    toward = patch.points - eyes
    rays = Rays((eyes[:, 0], eyes[:, 1], eyes[:, 2]), (toward[:, 0], toward[:, 1], toward[:, 2]))

    distance = surface.distance(rays)

    assert np.abs(distance - 1.0).max() < 1e-9
    contact = surface.contact(rays, distance)
    assert np.abs(contact.v_m - v_m).max() < 1e-9
    around_m = surface.extent.u_max - surface.extent.u_min
    apart_m = np.abs(contact.u_m - u_m) % around_m
    assert np.minimum(apart_m, around_m - apart_m).max() < 1e-9
    if name != "relief":
        assert np.abs(contact.cosine - 1.0).max() < 1e-9


@pytest.mark.parametrize("name", SURFACES)
def test_rays_away_from_a_surface_miss(name: str) -> None:
    surface = SURFACES[name]
    u_m, v_m = samples(surface)
    patch = surface.patch(u_m, v_m)
    outward = 0.01 * patch.normals
    eyes = patch.points + outward
    rays = Rays((eyes[:, 0], eyes[:, 1], eyes[:, 2]), (outward[:, 0], outward[:, 1], outward[:, 2]))

    share_missing = np.isinf(surface.distance(rays)).mean()

    assert share_missing == 1.0 if name != "dome from inside" else share_missing > 0.2


@pytest.mark.parametrize("name", SURFACES)
def test_bounds_are_tight(name: str) -> None:
    surface = SURFACES[name]
    extent = surface.extent
    grid = np.meshgrid(
        np.linspace(extent.u_min, extent.u_max, 101), np.linspace(extent.v_min, extent.v_max, 51)
    )
    points = surface.patch(*grid).points.reshape(-1, 3)
    low, high = surface.bounds

    assert np.all(points >= low - 1e-9)
    assert np.all(points <= high + 1e-9)
    slack_m = 0.35 if name == "relief" else 0.02
    assert np.all(points.min(axis=0) - low < slack_m)
    assert np.all(high - points.max(axis=0) < slack_m)


@pytest.mark.parametrize("name", SURFACES)
def test_frames_follow_the_surface(name: str) -> None:
    surface = SURFACES[name]
    u_m, v_m = samples(surface)
    patch = surface.patch(u_m, v_m)
    ahead_u = surface.patch(u_m + 1e-6, v_m).points - patch.points
    ahead_v = surface.patch(u_m, v_m + 1e-6).points - patch.points

    for ahead, tangent in ((ahead_u, patch.tangents_u), (ahead_v, patch.tangents_v)):
        length = np.linalg.norm(ahead, axis=1)
        assert np.sum(ahead * tangent, axis=1) / length == pytest.approx(1.0, abs=0.06)
        assert np.abs(np.sum(ahead * patch.normals, axis=1) / length).max() < 1e-3
    assert np.linalg.norm(patch.normals, axis=1) == pytest.approx(1.0)


def test_holes_let_rays_through() -> None:
    arch = Arch(1.0, 2.0, 0.0, 1.0)
    panel = Wall(corner=(0.0, 0.0, 0.0), heading_deg=-90.0).panel(
        Rectangle(0.0, 0.0, 3.0, 2.0), blank, holes=[arch]
    )
    x = np.array([0.5, 1.5, 1.5, 1.02, 1.5])
    z = np.array([0.5, 0.5, 1.45, 1.45, 1.55])

    distance = panel.distance(Rays((x, -2.0, z), (0.0, 1.0, 0.0)))

    assert distance.tolist() == [2.0, np.inf, np.inf, 2.0, 2.0]


@pytest.mark.parametrize(
    ("outline", "inside", "outside"),
    [
        (Ring(1.0, 2.0), (0.0, -1.5), (0.3, 0.3)),
        (Trapezoid(2.0, 1.0, 4.0), (0.7, 1.0), (0.7, 3.9)),
        (Flank(2.0, 1.0, 3.0), (1.9, 2.8), (0.1, 1.3)),
        (Arch(0.0, 2.0, 0.0, 1.0), (1.0, 1.95), (0.1, 1.9)),
        (Rectangle(0.0, 0.0, 1.0, 2.0), (0.9, 1.9), (1.9, 0.9)),
    ],
)
def test_outlines(
    outline: Ring | Trapezoid | Flank | Arch | Rectangle,
    inside: tuple[float, float],
    outside: tuple[float, float],
) -> None:
    u_m, v_m = np.array([inside, outside]).T

    assert outline.contains(u_m, v_m).tolist() == [True, False]
    extent = outline.extent
    assert extent.u_min <= inside[0] <= extent.u_max
    assert extent.v_min <= inside[1] <= extent.v_max


def nearest(surfaces: list[Surface], eye: tuple[float, float, float], x: float, z: float) -> float:
    rays = Rays(eye, (np.array([x - eye[0]]), np.array([0.0 - eye[1]]), np.array([z - eye[2]])))
    with np.errstate(divide="ignore", invalid="ignore"):
        return min(float(surface.distance(rays)[0]) for surface in surfaces)


def test_box_is_closed_and_has_its_size() -> None:
    cube = box((0.0, 0.0, 0.0), (2.0, 1.0, 3.0), blank, turn_deg=0.0)

    assert nearest(cube, (0.0, -4.5, 1.0), 0.0, 1.0) == pytest.approx(4.0 / 4.5)
    assert nearest(cube, (0.0, 4.5, 2.0), 0.8, 2.9) == pytest.approx(4.0 / 4.5)
    assert nearest(cube, (0.0, -4.5, 1.0), 1.2, 1.0) == np.inf
    assert np.stack([side.bounds for side in cube])[:, 1].max(axis=0).tolist() == pytest.approx(
        [1.0, 0.5, 3.0]
    )


@pytest.mark.parametrize("heading_deg", [-90.0, 0.0, 30.0, 180.0])
def test_recess_is_seen_from_the_street(heading_deg: float) -> None:
    frame = Wall(corner=(0.0, 0.0, 0.0), heading_deg=heading_deg)
    sides = frame.recess(Rectangle(1.0, 1.0, 2.0, 2.5), 0.3, blank)
    middle = np.array(frame.at(1.5, 1.75, 0.1))
    eye = frame.at(1.5, 1.75, -3.0)

    for side in sides:
        assert side.faces((eye[0], eye[1], eye[2]))
        centre = side.bounds.mean(axis=0)
        assert np.linalg.norm(centre - middle) < 0.8


def test_slab_sides_look_outwards() -> None:
    frame = Wall(corner=(0.0, 0.0, 0.0), heading_deg=-90.0)
    front, left, right, bottom, top = frame.slab(Rectangle(0.0, 1.0, 2.0, 2.0), 0.2, blank)

    assert front.faces((1.0, -1.0, 1.5))
    assert left.faces((-1.0, -0.1, 1.5))
    assert right.faces((3.0, -0.1, 1.5))
    assert bottom.faces((1.0, -0.1, 0.0))
    assert top.faces((1.0, -0.1, 3.0))
    assert not top.faces((1.0, -0.1, 0.0))


def test_turned_profile_and_obelisk_reach_their_heights() -> None:
    jar = turned((1.0, 2.0, 0.5), [(0.2, 0.0), (0.4, 0.5), (0.4, 0.8), (0.1, 0.8)], blank)
    needle = obelisk((0.0, 0.0, 0.0), (0.5, 0.3), 2.0, blank)

    assert max(surface.bounds[1, 2] for surface in jar) == pytest.approx(1.3)
    assert len(jar) == 3
    assert max(surface.bounds[1, 2] for surface in needle) == pytest.approx(2.27)
    assert nearest(needle, (0.0, -5.0, 1.0), 0.0, 1.0) == pytest.approx((5.0 - 0.2) / 5.0)
