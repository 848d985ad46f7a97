"""Mutated archives and photos through the checks, by the thousand, in this process.

`python -m tests.jobs.fuzzing` runs all of them and prints what came out; a failure names the seed
of its mutant, which `mutant(...)` makes again.
"""

import gc
import io
import os
import shutil
import sys
import tempfile
import time
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from scene3d.engine.archives import ArchiveLimits, unpack_photos
from scene3d.engine.errors import PhotoProblem
from scene3d.engine.options import PhotoOptions
from scene3d.engine.photos import UnreadablePhotoError, read_photo
from scene3d.engine.public import strip_private
from tests.engine.photo_files import encoded, exif, jpeg, smooth_rgb

NUM_EACH = 10_000
_LIMITS = ArchiveLimits(max_photos=20, max_members=50, max_unpacked_bytes=8 << 20)
_OPTIONS = PhotoOptions(max_megapixels=4.0)
_TAGS = exif({0x010F: "Maker", 0x0112: 6})


@dataclass
class Outcome:
    """How often each code was the answer; "accepted" is one."""

    codes: Counter[str] = field(default_factory=Counter)
    slowest_s: float = 0.0
    growth_mb: float = 0.0
    num_files_left: int = 0


def archive_seeds() -> list[bytes]:
    names = ["a.jpg", "b/c.jpg", "d.png"]
    return [_zip_of(names), _zip_of(names, 8), _zip_of([f"{n}.jpg" for n in range(12)])]


def _zip_of(names: list[str], compression: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name in names:
            archive.writestr(name, jpeg(smooth_rgb(64, 64)))
    return buffer.getvalue()


def image_seeds() -> list[bytes]:
    small = smooth_rgb(72, 64)
    return [
        jpeg(small, exif=_TAGS),
        jpeg(small, progressive=True),
        encoded(small, "PNG", exif=_TAGS),
        encoded(small, "WEBP", exif=_TAGS),
        encoded(small, "TIFF", exif=_TAGS),
        encoded(small, "BMP"),
        encoded(small, "HEIF", exif=_TAGS),
        encoded(small, "AVIF", exif=_TAGS),
    ]


def mutant(seeds: list[bytes], seed: int) -> bytes:
    """One of `seeds` with bytes overwritten, cut out, doubled or set to telling numbers."""
    rng = np.random.default_rng(seed)
    content = bytearray(seeds[rng.integers(len(seeds))])
    for _ in range(rng.integers(1, 9)):
        span = len(content) if rng.random() < 0.5 else min(len(content), 200)
        at = (
            int(rng.integers(span))
            if rng.random() < 0.8
            else len(content) - 1 - int(rng.integers(min(len(content), 100)))
        )
        size = int(rng.integers(1, 9))
        kind = rng.integers(5)
        if kind == 0:
            content[at : at + size] = rng.bytes(size)
        elif kind == 1:
            del content[at : at + size]
        elif kind == 2:
            content[at:at] = content[at : at + 40 * size]
        elif kind == 3:
            content[at : at + size] = (b"\0" if rng.random() < 0.5 else b"\xff") * size
        else:
            del content[at:]
        if not content:
            break
    return bytes(content)


def check_archive(path: Path, folder: Path) -> str:
    """The code of its refusal, or "accepted"."""
    target = folder / "photos"
    target.mkdir()
    try:
        unpacked = unpack_photos(path, target, _LIMITS)
        for photo in unpacked.photos:
            strip_private(photo.path, photo.path.with_suffix(".stripped"))
    except PhotoProblem as problem:
        return problem.code
    finally:
        shutil.rmtree(target)
    return "accepted"


def check_image(path: Path, folder: Path) -> str:
    """Stripped as the web process does it, then read as the worker's children do."""
    stripped = folder / "stripped"
    try:
        strip_private(path, stripped)
        read_photo(stripped, _OPTIONS)
    except UnreadablePhotoError as reason:
        return reason.code
    finally:
        stripped.unlink(missing_ok=True)
    return "accepted"


KINDS: Mapping[str, tuple[Callable[[], list[bytes]], Callable[[Path, Path], str]]] = {
    "archives": (archive_seeds, check_archive),
    "images": (image_seeds, check_image),
}


def fuzz(kind: str, num: int, folder: Path) -> Outcome:
    """Raises: whatever is no refusal, with the mutant's seed."""
    make_seeds, check = KINDS[kind]
    seeds, outcome, path = make_seeds(), Outcome(), folder / "mutant"
    memory_mb = 0.0
    for seed in range(num):
        path.write_bytes(mutant(seeds, seed))
        started_s = time.monotonic()
        try:
            outcome.codes[check(path, folder)] += 1
        except Exception as error:
            raise AssertionError(f"{kind}: mutant {seed}") from error
        outcome.slowest_s = max(outcome.slowest_s, time.monotonic() - started_s)
        if seed == num // 5:  # decoders have what they keep by now
            memory_mb = _memory_mb()
    path.unlink()
    gc.collect()
    outcome.growth_mb = _memory_mb() - memory_mb
    outcome.num_files_left = sum(1 for _ in folder.rglob("*"))
    return outcome


def _memory_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / 1e6


def main() -> int:
    warnings.simplefilter("ignore")  # Pillow's, of EXIF that is damaged
    failed = False
    for kind in KINDS:
        with tempfile.TemporaryDirectory(prefix="scene3d-fuzz-") as folder:
            started_s = time.monotonic()
            outcome = fuzz(kind, NUM_EACH, Path(folder))
        seconds = time.monotonic() - started_s
        sys.stdout.write(
            f"{NUM_EACH:,} {kind} in {seconds:.0f} s: {dict(outcome.codes.most_common())}\n"
            f"  slowest {outcome.slowest_s:.2f} s, memory {outcome.growth_mb:+.1f} MB,"
            f" {outcome.num_files_left} files left\n"
        )
        failed = failed or outcome.growth_mb > 64 or outcome.num_files_left > 0
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
