"""ALIKED and LightGlue in batches beside kornia's own, called once per photo and per pair.

Run as a program (`python -m scene3d.engine.benchmark.networks MODEL_STORE OUTPUT [PHOTOS]`) this
module measures on the device that it finds, without Django.
"""

import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path
from statistics import median
from time import monotonic
from typing import TypeVar

import numpy as np
from scipy.spatial import KDTree

from scene3d.engine.benchmark.publishing import line, write_results
from scene3d.engine.capabilities import device_name, open_host
from scene3d.engine.checking import prepare_photos
from scene3d.engine.features.aliked import AlikedExtractor, Picture
from scene3d.engine.features.cuda import forget_peak_memory, peak_memory_mib, wait_for_gpu
from scene3d.engine.features.reference import ReferenceExtractor
from scene3d.engine.host import Host
from scene3d.engine.matching.lightglue import LightGlueMatcher
from scene3d.engine.matching.reference import ReferenceMatcher
from scene3d.engine.options import FeatureOptions, MatchOptions, PhotoOptions
from scene3d.engine.pairs import Pair
from scene3d.engine.progress import Silent
from scene3d.engine.report import installed_versions
from scene3d.engine.sources import find_photos
from scene3d.engine.synthetic import SceneOptions, render_scene
from scene3d.engine.types import Features, FloatArray, Photo, UInt32Array
from scene3d.engine.workspace import Workspace

Result = TypeVar("Result")

FEATURES = FeatureOptions(extractor="aliked-n16", max_keypoints=2048, long_side_px=1024)
MATCHING = MatchOptions(matcher="lightglue")

SAME_PX = 1.0
"""Keypoints, and both ends of a match, that lie closer than this are the same."""


@dataclass(frozen=True, kw_only=True)
class NetworkOptions:
    """How much is measured."""

    num_photos: int = 32
    num_pairs: int = 128
    batch_sizes: Sequence[int] = (1, 16)
    num_repeats: int = 5


@dataclass(frozen=True, kw_only=True)
class NetworkRow:
    """One way to do one kind of work."""

    work: str
    way: str
    num_items: int
    """Photos or pairs."""
    seconds: Sequence[float]
    """For all of them, once per repeat."""
    peak_gpu_mib: float
    same_share: float
    """Of what this way or kornia finds, what both find."""
    max_shift_px: float
    """Largest distance between positions that are the same."""

    @property
    def per_second(self) -> float:
        return self.num_items / median(self.seconds)


@dataclass(frozen=True, kw_only=True)
class Matched:
    """A pair with what was found in it."""

    first: Features
    second: Features
    indices: UInt32Array

    def ends(self) -> FloatArray:
        """(M, 4) pixels: where each match lies in the first photo, and where in the second."""
        sides = (self.first, self.second)
        ends = [_keypoints(some)[self.indices[:, side]] for side, some in enumerate(sides)]
        return np.concatenate(ends, axis=1)


class NetworkBenchmark:
    """All ways to do all kinds of work on the same photos."""

    def __init__(self, photos: Sequence[Photo], options: NetworkOptions, host: Host) -> None:
        self._photos, self._options, self._host = photos, options, host
        self._pairs = list(islice(_nearest_first(len(photos)), options.num_pairs))
        self._kornia = ReferenceExtractor(FEATURES, host)
        self._kornia_matcher = ReferenceMatcher(MATCHING, host)
        self._extractors = [AlikedExtractor(FEATURES, own) for own in self._hosts()]
        self._matchers = [LightGlueMatcher(MATCHING, own) for own in self._hosts()]

    def rows(self) -> Iterator[NetworkRow]:
        """As they come, kornia's first in each kind of work.

        Raises: WeightsMissing, GpuMemoryFull.
        """
        pictures = [self._load(photo) for photo in self._photos]
        features = [self._kornia.extract(picture) for picture in pictures]
        repeats = self._options.num_repeats
        yield from _compared(
            "ALIKED, photos on disk",
            self._ways(self._extract_by_kornia, self._extract),
            _keypoints,
            repeats,
        )
        yield from _compared(
            "ALIKED, photos in memory",
            self._ways(
                lambda: [self._kornia.extract(picture) for picture in pictures],
                lambda way: _extract_pictures(self._extractors[way], pictures),
            ),
            _keypoints,
            repeats,
        )
        yield from _compared(
            "LightGlue",
            self._ways(
                lambda: self._match_by_kornia(features), lambda way: self._match(way, features)
            ),
            Matched.ends,
            repeats,
        )
        yield from _compared(
            "both, photos on disk",
            self._ways(
                lambda: self._match_by_kornia(self._extract_by_kornia()),
                lambda way: self._match(way, self._extract(way)),
            ),
            Matched.ends,
            repeats,
        )

    def _hosts(self) -> list[Host]:
        return [replace(self._host, batch_size=size) for size in self._options.batch_sizes]

    def _ways(
        self, by_kornia: Callable[[], list[Result]], ours: Callable[[int], list[Result]]
    ) -> dict[str, Callable[[], list[Result]]]:
        """By name; `ours` gets the position among the batch sizes."""
        sizes = self._options.batch_sizes
        return {
            "kornia, one at a time": by_kornia,
            **{f"ours, batches of {size}": partial(ours, way) for way, size in enumerate(sizes)},
        }

    def _load(self, photo: Photo) -> Picture:
        return self._extractors[0].load(photo)

    def _extract_by_kornia(self) -> list[Features]:
        return [self._kornia.extract(self._load(photo)) for photo in self._photos]

    def _extract(self, way: int) -> list[Features]:
        found = {photo.index: some for photo, some in self._extractors[way].extract(self._photos)}
        return [found[photo.index] for photo in self._photos]

    def _match_by_kornia(self, features: Sequence[Features]) -> list[Matched]:
        sized = list(zip(features, map(_size_px, self._photos), strict=True))
        return self._matched(
            features,
            (self._kornia_matcher.match(sized[i], sized[j]) for i, j in self._pairs),
        )

    def _match(self, way: int, features: Sequence[Features]) -> list[Matched]:
        matcher = self._matchers[way]
        points = [
            matcher.points(some, _size_px(photo))
            for some, photo in zip(features, self._photos, strict=True)
        ]
        return self._matched(
            features, matcher.match((points[i], points[j]) for i, j in self._pairs)
        )

    def _matched(self, features: Sequence[Features], found: Iterable[UInt32Array]) -> list[Matched]:
        return [
            Matched(first=features[i], second=features[j], indices=indices)
            for (i, j), indices in zip(self._pairs, found, strict=True)
        ]


def _compared(
    work: str,
    ways: Mapping[str, Callable[[], list[Result]]],
    positions: Callable[[Result], FloatArray],
    num_repeats: int,
) -> Iterator[NetworkRow]:
    """Each way once to warm up, which tells what it finds; then in turn, so that a busy minute
    hits each."""
    found = {name: [positions(result) for result in run()] for name, run in ways.items()}
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    peak_mib: dict[str, float] = {}
    for _ in range(num_repeats):
        for name, run in ways.items():
            forget_peak_memory()
            started_s = monotonic()
            run()
            wait_for_gpu()
            seconds[name].append(monotonic() - started_s)
            peak_mib[name] = peak_memory_mib()
    [expected, *_] = found.values()
    for name, results in found.items():
        same_share, max_shift_px = same(expected, results)
        yield NetworkRow(
            work=work,
            way=name,
            num_items=len(results),
            seconds=seconds[name],
            peak_gpu_mib=peak_mib[name],
            same_share=same_share,
            max_shift_px=max_shift_px,
        )


def same(expected: Sequence[FloatArray], found: Sequence[FloatArray]) -> tuple[float, float]:
    """The share of positions that are in both among those in either, and the largest difference
    of a coordinate between those in both; item by item, (N, D) pixels each."""
    num_both, num_either, max_shift_px = 0, 0, 0.0
    for ours, theirs in zip(found, expected, strict=True):
        shifts_px = np.empty(0)
        if len(ours) and len(theirs):
            shifts_px, _ = KDTree(ours).query(theirs, p=np.inf, distance_upper_bound=SAME_PX)
            shifts_px = shifts_px[np.isfinite(shifts_px)]
        num_both += len(shifts_px)
        num_either += len(ours) + len(theirs) - len(shifts_px)
        max_shift_px = max(max_shift_px, shifts_px.max(initial=0.0))
    return num_both / num_either if num_either else 1.0, max_shift_px


def networks_markdown(rows: Sequence[NetworkRow]) -> str:
    """A line per row; speeds are medians."""
    head = ["work", "way", "a second", "seconds", "x kornia", "the same"]
    head += [f"largest shift (px, up to {SAME_PX:g})", "peak GPU MiB"]
    reference = {row.work: row for row in reversed(rows)}
    lines = [line(head), line(["---"] * len(head))]
    lines += [
        line(
            [
                row.work,
                row.way,
                f"{row.per_second:.2f}",
                f"{median(row.seconds):.2f} ({min(row.seconds):.2f} to {max(row.seconds):.2f})",
                f"{row.per_second / reference[row.work].per_second:.2f}",
                f"{row.same_share:.2%}",
                f"{row.max_shift_px:.4f}",
                f"{row.peak_gpu_mib:.0f}",
            ]
        )
        for row in rows
    ]
    return "\n".join(lines)


def measure_networks(
    photos: Path | None, options: NetworkOptions, host: Host
) -> Iterator[NetworkRow]:
    """Rows as they come, from the photos in a folder, or rendered ones.

    Raises: NoPhotos, TooFewPhotos, WeightsMissing, GpuMemoryFull.
    """
    with tempfile.TemporaryDirectory(prefix="scene3d-networks-") as name:
        sources = find_photos(photos or _rendered(options, Path(name) / "rendered", host))
        workspace = Workspace(Path(name) / "work")
        workspace.prepare()
        prepared = prepare_photos(
            sources[: options.num_photos], PhotoOptions(), workspace, Silent(), host
        )
        yield from NetworkBenchmark(prepared.accepted, options, host).rows()


def publish(rows: Sequence[NetworkRow], host: Host, output: Path) -> str:
    """Write networks.json and networks.md; the latter's text."""
    device = device_name(host)
    table = f"On {device}:\n\n{networks_markdown(rows)}"
    content = {
        "device": device,
        "num_threads": host.num_threads,
        "versions": installed_versions(),
        "features": FEATURES.model_dump(),
        "matching": MATCHING.model_dump(),
        "rows": [asdict(row) for row in rows],
    }
    write_results("networks", content, table, output)
    return table


def _rendered(options: NetworkOptions, folder: Path, host: Host) -> Path:
    scene = SceneOptions(
        num_photos=options.num_photos, width_px=1600, height_px=1200, supersampling=1
    )
    render_scene(scene, folder, num_workers=host.num_threads)
    return folder


def _nearest_first(num_photos: int) -> Iterator[Pair]:
    """All pairs, neighbours in the list before others."""
    for distance in range(1, num_photos):
        for first in range(num_photos - distance):
            yield first, first + distance


def _extract_pictures(extractor: AlikedExtractor, pictures: Sequence[Picture]) -> list[Features]:
    """In order; pictures of one shape together."""
    found: dict[int, Features] = {}
    for shape in dict.fromkeys(picture.rgb.shape for picture in pictures):
        places = [place for place, picture in enumerate(pictures) if picture.rgb.shape == shape]
        some = extractor.extract_pictures(pictures[place] for place in places)
        found.update(zip(places, some, strict=True))
    return [found[place] for place in range(len(pictures))]


def _size_px(photo: Photo) -> tuple[int, int]:
    return photo.width_px, photo.height_px


def _keypoints(features: Features) -> FloatArray:
    return features.keypoints_xy_px.astype(np.float64)


def _main(store: Path, output: Path, photos: Path | None = None) -> None:
    host = open_host(store)
    options = NetworkOptions(num_photos=64, num_pairs=256, batch_sizes=(1, 8, 16, 32))
    rows = []
    for row in measure_networks(photos, options, host):
        rows.append(row)
        sys.stderr.write(f"{row}\n")
    sys.stdout.write(publish(rows, host, output) + "\n")


if __name__ == "__main__":
    _main(*(Path(argument) for argument in sys.argv[1:]))
