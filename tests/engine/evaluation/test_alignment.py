"""Rotations and similarities that are known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scene3d.engine.evaluation.alignment import closest_rotations, similarities
from scene3d.engine.seeding import generator
from tests.engine.builders import random_rotations

shares = st.floats(-1, 1, allow_subnormal=False)


@settings(max_examples=300, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    values=st.tuples(shares, shares, shares),
    magnitude=st.sampled_from([1e-70, 1.0, 1e70]),
)
def test_no_rotation_has_a_larger_trace(
    seed: int, values: tuple[float, float, float], magnitude: float
) -> None:
    """Of singular values a, b, c it is a + b + c, the smallest less where the matrix mirrors."""
    rng = generator(seed, "matrix")
    left, right = random_rotations(rng, 2)
    singular = np.sort(np.abs(values))[::-1] * [1, 1, -1 if np.prod(values) < 0 else 1]
    matrix = left @ np.diag(singular) @ right
    [rotation] = closest_rotations(magnitude * matrix[None])
    assert np.allclose(rotation @ rotation.T, np.eye(3), atol=1e-11)
    assert np.linalg.det(rotation) == pytest.approx(1)
    assert np.trace(rotation.T @ matrix) == pytest.approx(singular.sum(), abs=1e-11)


def test_a_rotation_that_is_determined_is_found_to_the_last_digits() -> None:
    rng = generator(1, "rotations")
    rotations = random_rotations(rng, 2000)
    points = rng.normal(size=(2000, 3, 3)) * [1.0, 0.5, 0.3]
    for kept in (points, points * [1, 1, 0]):
        scatters = kept.transpose(0, 2, 1) @ kept
        found = closest_rotations(rotations @ scatters)
        least = np.linalg.svd(scatters)[1][:, 1]
        assert np.abs(found - rotations)[least > 0.01].max() < 1e-11


def test_similarities_of_known_sets() -> None:
    """A generic, a flat and a straight set; one without extent has no similarity."""
    rng = generator(2, "sets")
    scales = np.array([0.01, 3.0, 200.0, 1.0])
    rotations, shifts = random_rotations(rng, 4), rng.normal(0, 10, (4, 3))
    source = (
        rng.normal(0, 1, (4, 5, 3))
        * np.array([[1, 1, 1], [1, 1, 0], [1, 0, 0], [0, 0, 0]])[:, None]
    )
    target = scales[:, None, None] * source @ rotations.transpose(0, 2, 1) + shifts[:, None]
    pairs = np.concatenate([source, target], axis=2)
    offsets = pairs - pairs.mean(axis=1, keepdims=True)
    found = similarities(pairs.mean(axis=1), offsets.transpose(0, 2, 1) @ offsets)
    assert found.shape == (3, 3, 4)
    for model, points, wanted in zip(found, source, target, strict=False):
        assert np.allclose(points @ model[:, :3].T + model[:, 3], wanted, atol=1e-9)
    for model, scale, rotation in zip(found[:2], scales, rotations, strict=False):
        assert np.allclose(model[:, :3], scale * rotation, atol=1e-9 * scale)


def test_no_sets_have_no_similarities() -> None:
    assert similarities(np.empty((0, 6)), np.empty((0, 6, 6))).shape == (0, 3, 4)
