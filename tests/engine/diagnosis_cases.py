"""Sets of rendered photos with one that is known to be bad, and in which way."""

import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import cycle, islice
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

from scene3d.engine.seeding import generator
from scene3d.engine.synthetic import TINY, render_scene

SEEDS = (4, 11, 23, 42, 57)
NUM_CASES = 100
Damage = Callable[[Image.Image, Image.Image, np.random.Generator], Image.Image]
"""A good photo and one of another scene make the bad photo."""


@dataclass(frozen=True, kw_only=True)
class BadPhoto:
    """What is wrong, and every reason that names it rightly; no reason at all means that a photo
    which is in the model may stay silent."""

    kind: str
    reasons: frozenset[str]
    damage: Damage
    is_extra: bool = False
    """Comes on top of the set; otherwise it takes a good photo's place."""
    may_be_placed: bool = False


def _blurred(photo: Image.Image, _other: Image.Image, rng: np.random.Generator) -> Image.Image:
    return photo.filter(ImageFilter.GaussianBlur(float(rng.uniform(4, 10))))


def _shaken(photo: Image.Image, _other: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Moved along a straight line while the shutter was open."""
    length_px, angle = rng.uniform(18, 32), rng.uniform(0, np.pi)
    levels = np.asarray(photo, np.float32)
    steps = np.linspace(-length_px / 2, length_px / 2, 40)
    moved = [
        np.roll(levels, (round(step * np.sin(angle)), round(step * np.cos(angle))), (0, 1))
        for step in steps
    ]
    return _with_noise(np.mean(moved, axis=0), rng)


def _dark(photo: Image.Image, _other: Image.Image, rng: np.random.Generator) -> Image.Image:
    return _with_noise(np.asarray(photo, np.float32) * rng.uniform(0.01, 0.06), rng)


def _overexposed(photo: Image.Image, _other: Image.Image, rng: np.random.Generator) -> Image.Image:
    return _with_noise(np.asarray(photo, np.float32) * rng.uniform(1, 2) + 225, rng)


def _foreign(_photo: Image.Image, other: Image.Image, _rng: np.random.Generator) -> Image.Image:
    return other


def _duplicate(photo: Image.Image, _other: Image.Image, rng: np.random.Generator) -> Image.Image:
    scale = rng.uniform(0.5, 1.0)
    return photo.resize((round(photo.width * scale), round(photo.height * scale)))


def _turned(photo: Image.Image, _other: Image.Image, rng: np.random.Generator) -> Image.Image:
    turns = (Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_180, Image.Transpose.ROTATE_270)
    return photo.transpose(turns[int(rng.integers(3))])


def _hardly_overlapping(
    photo: Image.Image, other: Image.Image, rng: np.random.Generator
) -> Image.Image:
    """A strip of the scene at one side; the rest is another place."""
    strip_px = round(photo.width * rng.uniform(0.04, 0.08))
    bad = other.copy()
    if rng.integers(2):
        bad.paste(photo.crop((photo.width - strip_px, 0, photo.width, photo.height)), (0, 0))
    else:
        bad.paste(photo.crop((0, 0, strip_px, photo.height)), (photo.width - strip_px, 0))
    return bad


def _with_noise(levels: np.ndarray, rng: np.random.Generator) -> Image.Image:
    noisy = levels + rng.normal(0, 1.5, levels.shape)
    return Image.fromarray(noisy.clip(0, 255).astype(np.uint8))


BAD_PHOTOS = (
    BadPhoto(kind="blurred", reasons=frozenset({"blurred"}), damage=_blurred),
    BadPhoto(kind="dark", reasons=frozenset({"dark"}), damage=_dark),
    BadPhoto(
        kind="foreign",
        reasons=frozenset({"no_partner", "other_scene"}),
        damage=_foreign,
        is_extra=True,
    ),
    BadPhoto(
        kind="duplicate",
        reasons=frozenset({"duplicate"}),
        damage=_duplicate,
        is_extra=True,
        may_be_placed=True,
    ),
    BadPhoto(kind="rotated", reasons=frozenset({"rotated"}), damage=_turned, may_be_placed=True),
    BadPhoto(
        kind="tiny overlap",
        reasons=frozenset({"not_enough_shared_points", "no_partner"}),
        damage=_hardly_overlapping,
        is_extra=True,
    ),
    BadPhoto(kind="shaken", reasons=frozenset({"blurred"}), damage=_shaken),
    BadPhoto(kind="overexposed", reasons=frozenset({"overexposed"}), damage=_overexposed),
)
BAD_NAME = "x_bad.jpg"


@dataclass(frozen=True, kw_only=True)
class DiagnosisCase:
    number: int
    seed: int
    bad: BadPhoto

    def __str__(self) -> str:
        return f"{self.number}-{self.bad.kind}".replace(" ", "-")


def cases(count: int = NUM_CASES) -> Iterator[DiagnosisCase]:
    """Kinds in turn; every run of eight has another scene."""
    for number, bad in enumerate(islice(cycle(BAD_PHOTOS), count)):
        yield DiagnosisCase(
            number=number, seed=SEEDS[number // len(BAD_PHOTOS) % len(SEEDS)], bad=bad
        )


class Scenes:
    """Rendered once per seed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def photos(self, seed: int) -> list[Path]:
        scene = self._folder / str(seed)
        if not scene.exists():
            render_scene(replace(TINY, seed=seed), scene, num_workers=2)
        return sorted(scene.iterdir())


def make_photos(case: DiagnosisCase, scenes: Scenes, folder: Path) -> Path:
    """The good photos of a scene and BAD_NAME among them, in `folder`."""
    rng = generator(case.number, "diagnosis cases")
    good = scenes.photos(case.seed)
    other_seed = SEEDS[(SEEDS.index(case.seed) + 1) % len(SEEDS)]
    foreign = scenes.photos(other_seed)[int(rng.integers(len(good)))]
    folder.mkdir(parents=True)
    victim = good[int(rng.integers(len(good)))]
    for path in good:
        if case.bad.is_extra or path != victim:
            shutil.copy(path, folder)
    with Image.open(victim) as photo, Image.open(foreign) as other:
        exif = photo.getexif()
        bad = case.bad.damage(photo.convert("RGB"), other.convert("RGB"), rng)
    bad.save(folder / BAD_NAME, quality=88, exif=exif)
    return folder


def is_right(case: DiagnosisCase, row: Mapping[str, object]) -> bool:
    """Whether the bad photo's row names what is wrong with it."""
    if row["reason"] in case.bad.reasons:
        return (
            row["status"] == "not_registered"
            or case.bad.may_be_placed
            or (case.bad.kind in ("blurred", "shaken"))
        )
    is_silent = row["status"] == "registered" and row["reason"] is None
    return is_silent and case.bad.kind == "rotated"
