"""Where photos come from. Light: the web process uses this too."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from scene3d.engine.errors import NoPhotos

PHOTO_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp", ".heic", ".heif", ".avif"}
)
_CLUTTER = frozenset({"__MACOSX", "Thumbs.db", "desktop.ini"})


@dataclass(frozen=True, kw_only=True)
class PhotoSource:
    """A file that claims to be a photo."""

    name: str
    """Unique in its set; what people and the COLMAP model call it."""
    path: Path


def looks_like_photo(name: str) -> bool:
    """By its suffix, unless some part of the path is hidden or an operating system's leftover."""
    path = PurePosixPath(name)
    is_clutter = any(part.startswith(".") or part in _CLUTTER for part in path.parts)
    return path.suffix.lower() in PHOTO_SUFFIXES and not is_clutter


def find_photos(folder: Path) -> list[PhotoSource]:
    """All photos below `folder`, by name; links are not followed.

    Raises: NoPhotos.
    """
    sources = [
        PhotoSource(name=_name(path, folder), path=path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink() and looks_like_photo(_name(path, folder))
    ]
    if not sources:
        raise NoPhotos(f"No photos in {folder.name or folder}.")
    return sources


def _name(path: Path, folder: Path) -> str:
    """Relative; bytes that are no UTF-8 are spelt out, since no JSON can carry them."""
    return os.fsencode(path.relative_to(folder).as_posix()).decode(errors="backslashreplace")


def without_common_folder(names: Sequence[str]) -> list[str]:
    """Names relative to the deepest folder that all of them are in."""
    parents = [PurePosixPath(name).parent.parts for name in names]
    depth = 0
    while all(len(parts) > depth for parts in parents) and len({p[depth] for p in parents}) == 1:
        depth += 1
    return ["/".join(PurePosixPath(name).parts[depth:]) for name in names]
