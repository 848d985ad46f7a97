"""Rows as a table that people read."""

from collections.abc import Sequence
from statistics import geometric_mean, median

from scene3d.engine.benchmark.contest import MAA_DEG, Row
from scene3d.engine.benchmark.publishing import line


def markdown(rows: Sequence[Row], anchor: str) -> str:
    """A line per scene and contestant, then each contestant's time as a share of the anchor's.

    Repeats are medians, with the range of times and accuracies.
    """
    head = ["scene", "contestant", "placed", "seconds", f"x {anchor}", "peak MiB"]
    head += [f"mAA@{max_deg:g}°" for max_deg in MAA_DEG] + ["centre error", "challenge score"]
    lines = [line(head), line(["---"] * len(head))]
    for scene, contestant in _in_order(rows):
        some = [row for row in rows if (row.scene, row.contestant) == (scene, contestant)]
        lines.append(line(_cells(some, _ratio(rows, scene, contestant, anchor))))
    return "\n".join([*lines, "", *_means(rows, anchor)])


def _cells(some: Sequence[Row], ratio: float | None) -> list[str]:
    first = some[0]
    seconds = sorted(row.measured.seconds for row in some)
    spread = f" ({seconds[0]:.1f} to {seconds[-1]:.1f})" if len(seconds) > 1 else ""
    centers = [row.median_center_error for row in some if row.median_center_error is not None]
    scores = [row.challenge.score_percent for row in some if row.challenge is not None]
    return [
        first.scene,
        first.contestant,
        f"{min(row.num_registered for row in some)} of {first.num_photos}",
        f"{median(seconds):.1f}{spread}",
        "" if ratio is None else f"{ratio:.2f}",
        f"{max(row.measured.peak_mib for row in some):.0f}",
        *(_maa(some, max_deg) for max_deg in MAA_DEG),
        f"{median(centers):.4f}" if centers else "",
        f"{median(scores):.2f}" if scores else "",
    ]


def _maa(some: Sequence[Row], max_deg: float) -> str:
    values = [row.maa[max_deg] for row in some if max_deg in row.maa]
    return f"{median(values):.3f}{_spread(values)}" if values else ""


def _spread(values: Sequence[float]) -> str:
    return f" ({min(values):.3f} to {max(values):.3f})" if len(values) > 1 else ""


def _ratio(rows: Sequence[Row], scene: str, contestant: str, anchor: str) -> float | None:
    own, other = (_seconds(rows, scene, name) for name in (contestant, anchor))
    return median(own) / median(other) if own and other else None


def _seconds(rows: Sequence[Row], scene: str, contestant: str) -> list[float]:
    return [
        row.measured.seconds for row in rows if (row.scene, row.contestant) == (scene, contestant)
    ]


def _means(rows: Sequence[Row], anchor: str) -> list[str]:
    scenes = list(dict.fromkeys(row.scene for row in rows))
    lines = []
    for contestant in dict.fromkeys(row.contestant for row in rows):
        ratios = [_ratio(rows, scene, contestant, anchor) for scene in scenes]
        known = [ratio for ratio in ratios if ratio is not None]
        if known and contestant != anchor:
            lines.append(f"{contestant}: {geometric_mean(known):.2f} x {anchor} (geometric mean)")
    return lines


def _in_order(rows: Sequence[Row]) -> list[tuple[str, str]]:
    return list(dict.fromkeys((row.scene, row.contestant) for row in rows))
