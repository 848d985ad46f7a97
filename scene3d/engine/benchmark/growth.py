"""How time, memory and comparisons grow with the number of photos, up to mapping.

Run as a program (`python -m scene3d.engine.benchmark.growth PHOTOS OUTPUT.json`) this module does
those stages once, so that each size has a process, and its memory, to itself.
"""

import json
import math
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from scene3d.engine.benchmark.measure import run_measured
from scene3d.engine.benchmark.publishing import line
from scene3d.engine.capabilities import open_host
from scene3d.engine.errors import Cancelled
from scene3d.engine.matching.saved import load_matches
from scene3d.engine.pipeline import reconstruct
from scene3d.engine.presets import PRESETS
from scene3d.engine.progress import Silent, Stage
from scene3d.engine.sources import find_photos
from scene3d.engine.synthetic import SceneOptions, render_scene
from scene3d.engine.workspace import Workspace

SIZES = (50, 100, 200, 400)
LONG_SIDE_PX = 640
OPTIONS = PRESETS["quick"].options.merged({"features": {"long_side_px": LONG_SIDE_PX}})


@dataclass(frozen=True, kw_only=True)
class GrowthRow:
    """One scene of the growth run."""

    num_photos: int
    seconds: float
    """From the first photo to the last verified pair."""
    num_pairs: int
    """Compared."""
    num_matched_pairs: int
    peak_mib: float


def measure_growth(sizes: Sequence[int], num_threads: int) -> Iterator[GrowthRow]:
    """Rows as they come; each scene is the same plaza with more photos of it."""
    for num_photos in sizes:
        with tempfile.TemporaryDirectory(prefix="scene3d-growth-") as name:
            photos, output = Path(name) / "photos", Path(name) / "growth.json"
            options = SceneOptions(
                num_photos=num_photos,
                width_px=LONG_SIDE_PX,
                height_px=LONG_SIDE_PX * 3 // 4,
                supersampling=1,
            )
            render_scene(options, photos, num_workers=num_threads)
            command = [sys.executable, "-m", __name__, str(photos), str(output)]
            log = Path(name) / "log"
            measured = run_measured(command, log)
            if measured.exit_code != 0:
                raise RuntimeError(log.read_text(errors="replace")[-2000:])
            yield GrowthRow(
                num_photos=num_photos,
                peak_mib=measured.peak_mib,
                **json.loads(output.read_text()),
            )


def fitted_exponent(sizes: Sequence[float], values: Sequence[float]) -> float:
    """The slope of log(value) over log(size) by least squares: 1 is linear, 2 is quadratic."""
    x, y = ([math.log(value) for value in series] for series in (sizes, values))
    x_mean, y_mean = sum(x) / len(x), sum(y) / len(y)
    covariance = sum((a - x_mean) * (b - y_mean) for a, b in zip(x, y, strict=True))
    return covariance / sum((a - x_mean) ** 2 for a in x)


def growth_markdown(rows: Sequence[GrowthRow]) -> str:
    """A line per size, then the exponents from the sizes that are not compared exhaustively."""
    head = ["photos", "seconds up to mapping", "pairs compared", "pairs matched", "peak MiB"]
    lines = [line(head), line(["---"] * len(head))]
    lines += [
        line(
            [
                str(row.num_photos),
                f"{row.seconds:.1f}",
                str(row.num_pairs),
                str(row.num_matched_pairs),
                f"{row.peak_mib:.0f}",
            ]
        )
        for row in rows
    ]
    limit = OPTIONS.pairs.exhaustive_up_to
    large = [row for row in rows if row.num_photos > limit]
    if len(large) < 2:
        return "\n".join(lines)
    sizes = [row.num_photos for row in large]
    seconds = fitted_exponent(sizes, [row.seconds for row in large])
    pairs = fitted_exponent(sizes, [row.num_matched_pairs for row in large])
    words = (
        f"From {sizes[0]} to {sizes[-1]} photos, time grows with the power {seconds:.2f},"
        f" matched pairs with {pairs:.2f}."
    )
    return "\n".join([*lines, "", words])


class _UpToMapping(Silent):
    def begin(self, stage: Stage, total: int) -> None:
        if stage == "mapping":
            raise Cancelled


def _run(photos: Path, output: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="scene3d-growth-") as name:
        workspace = Workspace(Path(name) / "work")
        host = open_host(Path(name), device="cpu")
        started_s = monotonic()
        with suppress(Cancelled):
            reconstruct(find_photos(photos), OPTIONS, workspace, _UpToMapping(), host)
        seconds = monotonic() - started_s
        compared = load_matches(workspace.matches_path)
    found = {
        "seconds": seconds,
        "num_pairs": len(compared),
        "num_matched_pairs": sum(len(pair.keypoint_indices) > 0 for pair in compared),
    }
    output.write_text(json.dumps(found))


if __name__ == "__main__":
    _run(Path(sys.argv[1]), Path(sys.argv[2]))
