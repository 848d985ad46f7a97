"""Whether drift is seen, and only drift: real photos, shifted in known ways, resampled as uploads.

Every photo is measured once as it is and once for each shift. What varies afterwards is which
scenes come, and with which of their photos. A baseline is made of half of a scene's photos, drawn
anew for each run, and windows of the rest.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter

from drift.baselines import Measures, scene_medians
from drift.documents import ODD, BaselineDocument, UploadDocument, Verdict, WindowDocument
from drift.making import baseline_of
from drift.rules import RULES, DriftRules
from drift.scoring import measures_of
from drift.verdicts import JobMeasures, judge_upload, judge_window, leading, persistent
from scene3d.engine.options import PhotoOptions
from scene3d.engine.photos import glance, read_photo
from scene3d.engine.public import InputNotFound
from scene3d.engine.seeding import generator
from scene3d.engine.sources import PhotoSource, find_photos

CAMERA = "another camera"
CAMERA_FEATURES = frozenset({"long_side_px", "focal_35mm", "has_focal"})
MAX_WINDOWS = 3
"""In which a shift should be seen."""
_WINDOWS_PER_BASELINE = 50
_MIN_PHOTOS = 3

Shift = Callable[[Image.Image], Image.Image]
Scenes = Mapping[str, Sequence[Measures]]


def _as_it_is(image: Image.Image) -> Image.Image:
    return image


def _darker(image: Image.Image) -> Image.Image:
    return ImageEnhance.Brightness(image).enhance(0.6)


def _flatter(image: Image.Image) -> Image.Image:
    return ImageEnhance.Contrast(image).enhance(0.6)


def _blurred(image: Image.Image) -> Image.Image:
    return image.filter(ImageFilter.GaussianBlur(2))


def _halved(image: Image.Image) -> Image.Image:
    return image.resize((image.width // 2, image.height // 2), Image.Resampling.BOX)


SHIFTS: Mapping[str, tuple[Shift, str]] = {
    "brightness -40 %": (_darker, "brightness"),
    "contrast -40 %": (_flatter, "contrast"),
    "Gaussian blur, sigma 2 px": (_blurred, "blur_px"),
    "half the resolution": (_halved, "long_side_px"),
}
"""What is done to a photo, and the feature that should be named."""


@dataclass(frozen=True, kw_only=True)
class Measured:
    usual: Scenes
    shifted: Mapping[str, Scenes]
    """By SHIFTS."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One shift in the table."""

    shift: str
    expected: str
    num_runs: int
    seen: float
    """Share of runs with an alert within MAX_WINDOWS."""
    named: float
    """Share of runs whose alert names the right feature first."""
    mean_windows: float
    """Until the alert, where there was one."""
    uploads: float
    """Share of single uploads that are called unusual."""


@dataclass(frozen=True, kw_only=True)
class Quiet:
    """Without any shift."""

    num_windows: int
    odd: float
    """Share of windows that look drifted by themselves."""
    alerts: float
    """Share that alert."""
    uploads: float


@dataclass(frozen=True, kw_only=True)
class Simulated:
    scenes: Mapping[str, int]
    """Photos of each."""
    title: str
    """What the baseline was made of."""
    quiet: Quiet
    rows: Sequence[Row]


def measure_scenes(folders: Mapping[str, Sequence[Path]], num_threads: int) -> Measured:
    """Each scene's photos as they are and under every shift, read once.

    Raises: UnreadablePhotoError.
    """
    changes = {"": _as_it_is, **{name: shift for name, (shift, _) in SHIFTS.items()}}
    photos = [(scene, path) for scene, paths in folders.items() for path in paths]
    with ThreadPoolExecutor(num_threads) as pool:
        measured = list(pool.map(partial(_measure, changes), [path for _, path in photos]))

    def scenes(change: str) -> Scenes:
        found: dict[str, list[Measures]] = {}
        for (scene, _), versions in zip(photos, measured, strict=True):
            found.setdefault(scene, []).append(versions[change])
        return found

    return Measured(usual=scenes(""), shifted={name: scenes(name) for name in SHIFTS})


def scenes_below(folders: Sequence[Path]) -> dict[str, list[Path]]:
    """Photos of each folder by scene: those in one folder whose names begin alike.

    Names are cut at their last number: fountain_p11_0003.jpg is one of fountain_p11.
    """
    scenes: dict[str, list[Path]] = {}
    for source in (source for folder in folders for source in find_photos(folder)):
        begin = source.path.stem.rstrip("0123456789").rstrip("_- ")
        is_named = begin != source.path.stem and any(sign.isalpha() for sign in begin)
        name = begin if is_named else source.path.parent.name
        scenes.setdefault(name, []).append(source.path)
    return {name: paths for name, paths in scenes.items() if len(paths) >= 2 * _MIN_PHOTOS}


def simulate(
    measured: Measured,
    other_camera: str,
    *,
    num_windows: int = 1000,
    num_runs: int = 200,
    num_uploads: int | None = None,
) -> Simulated:
    """Windows without a shift, then runs with each.

    Args:
        num_uploads: that a baseline is made of; None makes it of the scenes as they are, once each.
    Raises:
        InputNotFound: there is no such scene.
        other_camera: a scene that a camera of its own took; for that shift it is kept out of the
            baseline, and is all that comes.
    """
    if other_camera not in measured.usual:
        raise InputNotFound(f"There is no scene {other_camera} with enough photos.")
    world_of = partial(_World, rules=RULES, num_uploads=num_uploads)
    rows = []
    for name, (_, expected) in SHIFTS.items():
        world = world_of(usual=measured.usual, shifted=measured.shifted[name])
        rows.append(_run(world, name, frozenset({expected}), num_runs))
    others = {name: photos for name, photos in measured.usual.items() if name != other_camera}
    world = world_of(usual=others, shifted={other_camera: measured.usual[other_camera]})
    rows.append(_run(world, CAMERA, CAMERA_FEATURES, num_runs))
    calm = world_of(usual=measured.usual, shifted=measured.usual)
    return Simulated(
        scenes={name: len(photos) for name, photos in measured.usual.items()},
        title=f"{num_uploads} uploads" if num_uploads else f"{len(measured.usual)} scenes",
        quiet=_stay_quiet(calm, num_windows),
        rows=rows,
    )


@dataclass(frozen=True, kw_only=True)
class _World:
    """Where uploads come from, before and after something changes."""

    usual: Scenes
    shifted: Scenes
    rules: DriftRules
    num_uploads: int | None

    def draw(self, rng: np.random.Generator) -> tuple[BaselineDocument, Scenes, Scenes]:
        """A baseline of half of each scene's photos, and the others as they are and shifted;
        scenes that are only shifted come whole."""
        known, rest = {}, {}
        for name, photos in self.usual.items():
            order = rng.permutation(len(photos)).tolist()
            half = (len(order) + 1) // 2
            known[name] = [photos[index] for index in order[:half]]
            rest[name] = order[half:]
        shifted = {
            name: [photos[index] for index in rest.get(name, range(len(photos)))]
            for name, photos in self.shifted.items()
        }
        usual = {name: [self.usual[name][index] for index in rest[name]] for name in rest}
        return self._baseline_of(known, rng), usual, shifted

    def windows(
        self, baseline: BaselineDocument, sources: Sequence[Scenes], rng: np.random.Generator
    ) -> Iterator[WindowDocument]:
        """One for every stride of jobs, a stride from each source."""
        jobs: list[JobMeasures] = []
        for source in sources:
            jobs += [_job(_upload(source, rng)) for _ in range(self.rules.stride_jobs)]
            last = jobs[-self.rules.window_jobs :]
            if len(last) == self.rules.window_jobs:
                yield judge_window(last, baseline, [], rng, self.rules)

    def _baseline_of(self, scenes: Scenes, rng: np.random.Generator) -> BaselineDocument:
        if self.num_uploads is None:
            return baseline_of([scenes[name] for name in sorted(scenes)])
        return baseline_of([_upload(scenes, rng) for _ in range(self.num_uploads)])

    @property
    def strides_per_window(self) -> int:
        return -(-self.rules.window_jobs // self.rules.stride_jobs)


def _run(world: _World, name: str, expected: frozenset[str], num_runs: int) -> Row:
    waits, num_named, num_odd = [], 0, 0
    num_before = world.strides_per_window + world.rules.persistence - 1
    for number in range(num_runs):
        rng = generator(number, name)
        baseline, usual, shifted = world.draw(rng)
        num_odd += _is_odd(judge_upload(dict(enumerate(_upload(shifted, rng))), baseline))
        sources = [usual] * num_before + [shifted] * MAX_WINDOWS
        found = list(world.windows(baseline, sources, rng))
        for wait in range(1, MAX_WINDOWS + 1):
            seen = found[: len(found) - MAX_WINDOWS + wait]
            if name_given := _alert(seen, world.rules):
                waits.append(wait)
                num_named += name_given in expected
                break
    return Row(
        shift=name,
        expected=", ".join(sorted(expected)),
        num_runs=num_runs,
        seen=len(waits) / num_runs,
        named=num_named / num_runs,
        mean_windows=float(np.mean(waits)) if waits else 0.0,
        uploads=num_odd / num_runs,
    )


def _stay_quiet(world: _World, num_windows: int) -> Quiet:
    num_odd = num_alerts = num_uploads = 0
    for number in range(-(-num_windows // _WINDOWS_PER_BASELINE)):
        rng = generator(number, "quiet")
        baseline, usual, _ = world.draw(rng)
        count = min(_WINDOWS_PER_BASELINE, num_windows - number * _WINDOWS_PER_BASELINE)
        strides = count + world.strides_per_window - 1
        found = list(world.windows(baseline, [usual] * strides, rng))
        num_odd += sum(document.status in ODD for document in found)
        num_alerts += sum(
            _alert(found[:end], world.rules) is not None for end in range(1, count + 1)
        )
        num_uploads += sum(
            _is_odd(judge_upload(dict(enumerate(_upload(usual, rng))), baseline))
            for _ in range(count)
        )
    return Quiet(
        num_windows=num_windows,
        odd=num_odd / num_windows,
        alerts=num_alerts / num_windows,
        uploads=num_uploads / num_windows,
    )


def _alert(windows: Sequence[WindowDocument], rules: DriftRules) -> str | None:
    """What an alert at the end of these windows names, as the last window's words do; None: there
    is none."""
    history: dict[str, list[Verdict]] = {}
    for window in windows[-rules.persistence :]:
        for feature in window.features:
            history.setdefault(feature.feature, []).append(feature.verdict)
    if all(persistent(verdicts, rules) not in ODD for verdicts in history.values()):
        return None
    named = leading([feature for feature in windows[-1].features if feature.verdict in ODD])
    return named.feature if named is not None else None


def _is_odd(upload: UploadDocument) -> bool:
    return upload.status in ODD


def _upload(scenes: Scenes, rng: np.random.Generator) -> list[Measures]:
    """Some photos of one scene."""
    names = sorted(scenes)
    photos = scenes[names[rng.integers(len(names))]]
    count = int(rng.integers(_MIN_PHOTOS, len(photos) + 1))
    return [photos[index] for index in sorted(rng.choice(len(photos), count, replace=False))]


def _job(photos: Sequence[Measures]) -> JobMeasures:
    return JobMeasures(photos=photos, medians=scene_medians([photos])[0], outcomes={})


def _measure(changes: Mapping[str, Shift], path: Path) -> dict[str, Measures]:
    image, metadata = read_photo(path, PhotoOptions())
    source = PhotoSource(name=path.name, path=path)
    return {
        name: measures_of(glance(0, source, change(image), metadata))
        for name, change in changes.items()
    }
