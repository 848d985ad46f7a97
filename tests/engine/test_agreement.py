import numpy as np
import pytest

from scene3d.engine.geometry.agreement import largest_agreement
from scene3d.engine.seeding import generator
from scene3d.engine.types import FloatArray


def similar(points: FloatArray, turn_deg: float, zoom: float) -> FloatArray:
    turn = np.radians(turn_deg)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    moved: FloatArray = zoom * points @ rotation.T + [0.3, -0.1]
    return moved


def scattered(count: int) -> FloatArray:
    return generator(3, "scattered").uniform(0, 1, (count, 2))


@pytest.mark.parametrize("turn_deg", [0.0, 30.0, -90.0, 170.0])
@pytest.mark.parametrize("zoom", [0.5, 1.0, 2.0])
def test_a_similarity_explains_every_match(turn_deg: float, zoom: float) -> None:
    points = scattered(40)
    found, found_turn_deg = largest_agreement(
        points, similar(points, turn_deg, zoom), generator(0, "test")
    )
    assert found == 40
    assert found_turn_deg == pytest.approx(turn_deg, abs=1e-6)


def test_the_largest_group_wins_over_chance() -> None:
    points = scattered(60)
    moved = similar(points, 10.0, 1.2)
    moved[25:] = generator(4, "elsewhere").uniform(0, 1, (35, 2))
    found, _ = largest_agreement(points, moved, generator(0, "test"))
    assert 25 <= found <= 29


def test_chance_alone_explains_few() -> None:
    others = generator(5, "others").uniform(0, 1, (60, 2))
    found, _ = largest_agreement(scattered(60), others, generator(0, "test"))
    assert 2 <= found <= 7


def test_a_zoom_beyond_belief_explains_nothing() -> None:
    points = scattered(40)
    assert largest_agreement(points, similar(points, 0.0, 5.0), generator(0, "test"))[0] <= 4


@pytest.mark.parametrize("count", [0, 1, 2])
def test_two_matches_agree_on_nothing(count: int) -> None:
    points = scattered(count)
    assert largest_agreement(points, points, generator(0, "test")) == (0, 0.0)


def test_points_in_one_spot_agree_on_nothing() -> None:
    points = np.full((10, 2), 0.5)
    assert largest_agreement(points, points, generator(0, "test")) == (0, 0.0)
