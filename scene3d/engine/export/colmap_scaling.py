"""COLMAP's binary models in metres, by their bytes: pycolmap is not for the web process.

Source: COLMAP documentation, "Output Format", binary; little endian.
"""

import struct
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

_COUNT = struct.Struct("<Q")
_XYZ = struct.Struct("<ddd")
_POINT2D_BYTES = 24
_TRACK_ELEMENT_BYTES = 8
_DATA_ID_BYTES = 16


def scale_colmap_zip(source: Path, target: Path, metres_per_unit: float) -> None:
    """The largest model in an archive of models/N/*.bin; the others are copied."""
    with zipfile.ZipFile(source) as models, zipfile.ZipFile(target, "w") as scaled:
        for name in models.namelist():
            content = models.read(name)
            moved = bytearray(content)
            for offset in _FINDERS.get(name, _none)(content):
                values = [v * metres_per_unit for v in _XYZ.unpack_from(content, offset)]
                _XYZ.pack_into(moved, offset, *values)
            scaled.writestr(name, moved)


def _images(content: bytes) -> list[int]:
    """Where the translations are: id, quaternion, translation, camera, name, points."""
    offsets, at = [], _COUNT.size
    for _ in range(_COUNT.unpack_from(content)[0]):
        offsets.append(at + 36)
        at = content.index(b"\0", at + 64) + 1
        at += _COUNT.size + _POINT2D_BYTES * _COUNT.unpack_from(content, at)[0]
    return offsets


def _points(content: bytes) -> list[int]:
    """Where the positions are: id, position, colour, error, track."""
    offsets, at = [], _COUNT.size
    for _ in range(_COUNT.unpack_from(content)[0]):
        offsets.append(at + 8)
        at += 43
        at += _COUNT.size + _TRACK_ELEMENT_BYTES * _COUNT.unpack_from(content, at)[0]
    return offsets


def _frames(content: bytes) -> list[int]:
    """Where the translations are: id, rig, quaternion, translation, data."""
    offsets, at = [], _COUNT.size
    for _ in range(_COUNT.unpack_from(content)[0]):
        offsets.append(at + 40)
        (num_data,) = struct.unpack_from("<I", content, at + 64)
        at += 68 + _DATA_ID_BYTES * num_data
    return offsets


def _none(_content: bytes) -> list[int]:
    """Cameras have no position, and our rigs hold one camera each, at their origin."""
    return []


_FINDERS: Mapping[str, Callable[[bytes], list[int]]] = {
    "models/0/images.bin": _images,
    "models/0/points3D.bin": _points,
    "models/0/frames.bin": _frames,
}
