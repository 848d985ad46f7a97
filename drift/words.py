"""Numbers as people read them."""

import math
from bisect import bisect_left

from drift.documents import FeatureBaseline
from drift.features import Direction, Feature


def share_beyond(value: float, known: FeatureBaseline, direction: Direction) -> int:
    """Percent of the baseline's photos that have more than `value` (low) or less (high), between
    the percentiles that it has; 1 to 99."""
    percents = sorted(known.percentiles)
    levels = [known.percentiles[percent] for percent in percents]
    below = _percent_at(value, percents, levels)
    share = 100 - below if direction == "low" else below
    return min(max(math.floor(share), 1), 99)


def quantity(value: float, spec: Feature) -> str:
    """With its unit."""
    return f"{value:,.{spec.digits}f} {spec.unit}".rstrip()


def _percent_at(value: float, percents: list[int], levels: list[float]) -> float:
    if value <= levels[0]:
        return percents[0]
    if value >= levels[-1]:
        return percents[-1]
    after = bisect_left(levels, value)
    low, high = levels[after - 1], levels[after]
    part = (value - low) / (high - low)
    return percents[after - 1] + part * (percents[after] - percents[after - 1])
