"""Photos of a few places, each with words of its own."""

import numpy as np
import pytest
from numpy.typing import NDArray

from scene3d.engine.seeding import generator
from scene3d.engine.similarity import Codebook, learn_words, most_similar, similarities

NUM_PLACES, PER_PLACE = 4, 6


@pytest.fixture(scope="module")
def descriptors() -> dict[int, NDArray[np.float32]]:
    """By photo: half of it shows its place (photo modulo NUM_PLACES), half is anything; the last
    photo shows nothing at all."""
    rng = generator(1, "places")
    places = rng.normal(size=(NUM_PLACES, 80, 32))
    found = {}
    for photo in range(NUM_PLACES * PER_PLACE):
        shown = places[photo % NUM_PLACES] + 0.1 * rng.normal(size=(80, 32))
        found[photo] = unit(np.concatenate([shown, rng.normal(size=(80, 32))]))
    found[len(found)] = np.empty((0, 32), np.float32)
    return found


def unit(rows: NDArray[np.float64]) -> NDArray[np.float32]:
    shortened: NDArray[np.float32] = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(
        np.float32
    )
    return shortened


def test_photos_of_one_place_are_most_similar(descriptors: dict[int, NDArray[np.float32]]) -> None:
    indices = list(descriptors)
    alike = similarities(indices, descriptors.__getitem__, generator(0, "pairs"))
    assert alike.shape == (len(indices), len(indices))
    np.testing.assert_allclose(alike, alike.T, atol=1e-6)
    assert np.abs(alike[-1]).max() == 0.0
    np.testing.assert_allclose(np.diag(alike)[:-1], 1.0, atol=1e-5)
    pairs = most_similar(alike[:-1, :-1], PER_PLACE - 1)
    assert {(first % NUM_PLACES, second % NUM_PLACES) for first, second in pairs} == {
        (place, place) for place in range(NUM_PLACES)
    }
    assert len(pairs) == NUM_PLACES * PER_PLACE * (PER_PLACE - 1) // 2


def test_the_same_seed_gives_the_same(descriptors: dict[int, NDArray[np.float32]]) -> None:
    first, second = (
        similarities(list(descriptors), descriptors.__getitem__, generator(0, "pairs"))
        for _ in range(2)
    )
    assert (first == second).all()


@pytest.mark.parametrize(("num_partners", "num_pairs"), [(1, 2), (2, 3), (9, 3)])
def test_no_more_partners_than_there_are(num_partners: int, num_pairs: int) -> None:
    alike = np.array([[1.0, 0.9, 0.2], [0.9, 1.0, 0.1], [0.2, 0.1, 1.0]])
    assert len(most_similar(alike, num_partners)) == num_pairs


def test_a_few_numbers_still_tell_places_apart(
    descriptors: dict[int, NDArray[np.float32]],
) -> None:
    words = learn_words(list(descriptors), descriptors.__getitem__, generator(0, "words"))
    codebook = Codebook.around(words, 128, generator(0, "signs"))
    rows = np.stack([codebook.describe(found) for found in descriptors.values()])
    assert rows.shape == (len(descriptors), 128)
    assert set(np.unique(codebook.signs).tolist()) == {-1, 1}
    np.testing.assert_allclose(np.linalg.norm(rows[:-1], axis=1), 1.0, atol=1e-5)
    assert np.abs(rows[-1]).max() == 0.0
    alike = rows[:-1] @ rows[:-1].T
    place = np.arange(len(alike)) % NUM_PLACES
    same = (place[:, None] == place) & ~np.eye(len(alike), dtype=bool)
    others = place[:, None] != place
    assert alike[same].mean() > alike[others].mean() + 0.2


def test_a_projection_keeps_angles_about_as_they_are(
    descriptors: dict[int, NDArray[np.float32]],
) -> None:
    """128 random signs are off by 1 / sqrt(128) or so."""
    indices = list(descriptors)[:-1]
    words = learn_words(indices, descriptors.__getitem__, generator(0, "pairs"))
    full = similarities(indices, descriptors.__getitem__, generator(0, "pairs"))
    codebook = Codebook.around(words, 128, generator(0, "signs"))
    rows = np.stack([codebook.describe(descriptors[index]) for index in indices])
    off = (rows @ rows.T - full)[np.triu_indices(len(indices), 1)]
    assert 0.01 < off.std() < 1.5 / np.sqrt(128)
