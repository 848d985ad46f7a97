"""Which photos look alike, told by the features that they already have.

Source: Jegou et al., "Aggregating local image descriptors into compact codes", 2012 (VLAD), with
the intra-normalisation of Arandjelovic and Zisserman, "All about VLAD", 2013.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scene3d.engine.types import FloatArray

_NUM_WORDS = 64
_NUM_SAMPLES = 20_000
_NUM_ITERATIONS = 10

Float32Array = NDArray[np.float32]
Int8Array = NDArray[np.int8]
LoadDescriptors = Callable[[int], Float32Array]
"""(N, D) unit descriptors of a photo by its index; N may be 0."""


def similarities(
    indices: Sequence[int], load: LoadDescriptors, rng: np.random.Generator
) -> FloatArray:
    """(P, P) cosine of the global descriptors of P photos; memory is P times 32 KiB.

    A photo without features is like no other: its rows are 0.
    """
    words = learn_words(indices, load, rng)
    rows = np.stack([aggregate(load(index), words) for index in indices])
    alike: FloatArray = (rows @ rows.T).astype(np.float64)
    return alike


def most_similar(alike: FloatArray, num_partners: int) -> list[tuple[int, int]]:
    """Positions of the pairs in which one is among the `num_partners` most similar of the other."""
    others = alike.copy()
    np.fill_diagonal(others, -np.inf)
    count = min(num_partners, len(alike) - 1)
    best = np.argsort(-others, axis=1, kind="stable")[:, :count]
    return sorted({(min(a, b), max(a, b)) for a, row in enumerate(best.tolist()) for b in row})


@dataclass(frozen=True, kw_only=True)
class Codebook:
    """What turns a photo's features into a few numbers; those of one codebook can be compared,
    whenever they were made."""

    words: Float32Array
    """(K, D)."""
    signs: Int8Array
    """(K * D, S) of -1 and 1, a projection that keeps angles about as they are.

    Source: Achlioptas, "Database-friendly random projections", 2003.
    """

    @classmethod
    def around(cls, words: Float32Array, size: int, rng: np.random.Generator) -> "Codebook":
        signs = rng.integers(0, 2, (words.size, size), np.int8) * np.int8(2) - np.int8(1)
        return cls(words=words, signs=signs)

    def describe(self, descriptors: Float32Array) -> Float32Array:
        """(S,) of unit descriptors (N, D); unit length, or all 0 without features."""
        return self.shortened(aggregate(descriptors, self.words)[None]).ravel()

    def shortened(self, rows: Float32Array) -> Float32Array:
        """(P, S) of what `aggregate` made of P photos by these words, (P, K * D)."""
        short = rows @ self.signs.astype(np.float32)
        lengths = np.linalg.norm(short, axis=1, keepdims=True)
        unit: Float32Array = short / np.maximum(lengths, 1e-12)
        return unit


def learn_words(
    indices: Sequence[int], load: LoadDescriptors, rng: np.random.Generator
) -> Float32Array:
    """(K, D) centres of descriptors sampled evenly over the photos."""
    # Half a second that runs of few photos need not pay.
    from scipy.cluster.vq import kmeans2  # noqa: PLC0415

    per_photo = max(1, _NUM_SAMPLES // max(len(indices), 1))
    samples = []
    for index in indices:
        descriptors = load(index)
        chosen = rng.permutation(len(descriptors))[:per_photo]
        samples.append(descriptors[chosen])
    sample = np.concatenate(samples)
    num_words = max(1, min(_NUM_WORDS, len(sample) // 4))
    words, _ = kmeans2(sample, num_words, iter=_NUM_ITERATIONS, minit="++", rng=rng)
    vocabulary: Float32Array = words.astype(np.float32)
    return vocabulary


def aggregate(descriptors: Float32Array, words: Float32Array) -> Float32Array:
    """(K * D,) residuals to the nearest word, summed per word; unit length or all 0."""
    sums = np.zeros_like(words)
    if len(descriptors):
        distance = (words**2).sum(axis=1) - 2 * descriptors @ words.T
        nearest = distance.argmin(axis=1)
        np.add.at(sums, nearest, descriptors - words[nearest])
        sums /= np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-12)
    row = sums.ravel()
    unit: Float32Array = row / max(float(np.linalg.norm(row)), 1e-12)
    return unit
