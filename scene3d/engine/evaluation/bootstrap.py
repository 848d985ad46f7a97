"""How far a mean over scenes can be trusted."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from pydantic import BaseModel, ConfigDict, Field

from scene3d.engine.seeding import generator
from scene3d.engine.types import FloatArray

_CHUNK = 1 << 20
"""Values that are drawn at once."""


class BootstrapOptions(BaseModel):
    """How often is drawn, and how sure the interval is to be."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    num_resamples: int = Field(default=10_000, ge=100)
    confidence: float = Field(default=0.95, gt=0, lt=1, description="0.95 is 95 percent.")
    seed: int = Field(default=0, ge=0)


@dataclass(frozen=True, kw_only=True)
class Interval:
    """A mean and where the truth probably is."""

    mean: float
    low: float
    high: float
    confidence: float

    @property
    def excludes_zero(self) -> bool:
        """Of a difference: it is more than chance."""
        return self.low > 0 or self.high < 0


def bootstrap_mean(values: ArrayLike, options: BootstrapOptions | None = None) -> Interval:
    """Percentile interval of the mean over scenes, and over the seeds of each.

    Scenes are drawn with replacement, then seeds of each drawn scene: scenes differ more than seeds
    do, and two seeds of one scene are not two scenes.

    Args:
        values: (S,) a value a scene, or (S, K) one for each of K seeds; finite, not empty.
    Raises: ValueError, for other values.
    Source: Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapters 8 and 13.
    """
    options = options or BootstrapOptions()
    table = _table(values)
    means = _resampled_means(table, options)
    tail = (1 - options.confidence) / 2
    low, high = np.quantile(means, [tail, 1 - tail])
    return Interval(
        mean=float(table.mean()), low=float(low), high=float(high), confidence=options.confidence
    )


def bootstrap_difference(
    first: ArrayLike, second: ArrayLike, options: BootstrapOptions | None = None
) -> Interval:
    """Of the mean of `second` less `first`, each scene and seed beside itself.

    Args:
        first, second: as in `bootstrap_mean`, the same scenes and seeds in the same order.
    Raises: ValueError, as `bootstrap_mean` does, and for two that differ in shape.
    """
    before, after = _table(first), _table(second)
    if before.shape != after.shape:
        raise ValueError(f"values of {before.shape} and {after.shape} are no pairs")
    return bootstrap_mean(after - before, options)


def _table(values: ArrayLike) -> FloatArray:
    """(S, K)."""
    table = np.asarray(values, np.float64)
    if table.ndim == 1:
        table = table[:, None]
    if table.ndim != 2 or not table.size or not np.isfinite(table).all():
        raise ValueError("values are finite numbers, one a scene or one a scene and seed")
    return table


def _resampled_means(table: FloatArray, options: BootstrapOptions) -> FloatArray:
    """(num_resamples,)."""
    rng = generator(options.seed, "bootstrap")
    num_scenes, num_seeds = table.shape
    chunk = max(1, _CHUNK // table.size)
    means = []
    for start in range(0, options.num_resamples, chunk):
        num = min(chunk, options.num_resamples - start)
        scenes = rng.integers(num_scenes, size=(num, num_scenes, 1))
        seeds = rng.integers(num_seeds, size=(num, num_scenes, num_seeds))
        means.append(table[scenes, seeds].mean(axis=(1, 2)))
    return np.concatenate(means)
