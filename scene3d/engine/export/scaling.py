"""Result files in metres. Light: the web process scales what it delivers, without numpy.

Photos alone have no scale. Once somebody has said how long something is, `metres_per_unit` takes
model units to metres; everything else about a file stays as it was. It is said of the largest
model: each of several has units of its own.
"""

import json
import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from scene3d.engine.export.colmap_scaling import scale_colmap_zip

_LAS_SCALES_AT = 131
"""Where the header has three step sizes, three offsets, and the maximum and minimum of each axis;
a position is step · size + offset. Source: ASPRS, LAS 1.2 specification, public header block."""
_LAS_NUM_VALUES = 12
_PLY_SIZES = {"float": 4, "uchar": 1, "ushort": 2}


def scale_file(source: Path, target: Path, metres_per_unit: float) -> None:
    """Write `source`, one of SCALABLE by its name, in metres.

    Raises: ValueError, when it is not what its name says.
    """
    SCALABLE[source.name](source, target, metres_per_unit)


def _scale_ply(source: Path, target: Path, metres_per_unit: float) -> None:
    content = source.read_bytes()
    header, separator, body = content.partition(b"end_header\n")
    lines = [line.split() for line in header.decode().split("\n")]
    properties = [words for words in lines if words[:1] == ["property"] and words[1] != "list"]
    [num_vertices] = [int(words[2]) for words in lines if words[:2] == ["element", "vertex"]] or [0]
    if [p[1:] for p in properties[:3]] != [["float", axis] for axis in "xyz"] or not separator:
        raise ValueError(f"{source.name} is not one of our PLY files")
    rest = sum(_PLY_SIZES[kind] for _, kind, _ in properties[3:])
    row = struct.Struct(f"<fff{rest}s")
    scaled = bytearray(body)
    vertices = memoryview(body)[: num_vertices * row.size]
    for number, (x, y, z, others) in enumerate(row.iter_unpack(vertices)):
        position = (x * metres_per_unit, y * metres_per_unit, z * metres_per_unit)
        row.pack_into(scaled, number * row.size, *position, others)
    comment = b"comment Scene3D; error in pixels"
    header = header.replace(comment, comment + b"; positions in metres")
    target.write_bytes(header + separator + scaled)


def _scale_laz(source: Path, target: Path, metres_per_unit: float) -> None:
    content = bytearray(source.read_bytes())
    if content[:4] != b"LASF":
        raise ValueError(f"{source.name} does not start with LASF")
    values = struct.Struct(f"<{_LAS_NUM_VALUES}d")
    scaled = [value * metres_per_unit for value in values.unpack_from(content, _LAS_SCALES_AT)]
    values.pack_into(content, _LAS_SCALES_AT, *scaled)
    target.write_bytes(content)


def _scale_glb(source: Path, target: Path, metres_per_unit: float) -> None:
    content = source.read_bytes()
    if content[:4] != b"glTF":
        raise ValueError(f"{source.name} does not start with glTF")
    num_bytes, kind = struct.unpack_from("<II", content, 12)
    document = json.loads(content[20 : 20 + num_bytes])
    [root] = document["scenes"][0]["nodes"]
    document["nodes"][root]["scale"] = [metres_per_unit] * 3
    text = json.dumps(document, separators=(",", ":")).encode()
    text = text.ljust(-(-len(text) // 4) * 4)
    rest = content[20 + num_bytes :]
    head = struct.pack("<4sIIII", b"glTF", 2, 20 + len(text) + len(rest), len(text), kind)
    target.write_bytes(head + text + rest)


def _scale_cameras(source: Path, target: Path, metres_per_unit: float) -> None:
    document = json.loads(source.read_text())
    for model in document["models"]:
        if model["index"] != 0:
            continue
        model["metres_per_unit"] = metres_per_unit
        for camera in model["cameras"]:
            pose = camera["cam_from_world"]
            pose["translation"] = [value * metres_per_unit for value in pose["translation"]]
            camera["center_in_world"] = [
                value * metres_per_unit for value in camera["center_in_world"]
            ]
    document["unit"] = "metre, in the model with metres_per_unit"
    target.write_text(json.dumps(document, indent=1))


SCALABLE: Mapping[str, Callable[[Path, Path, float], None]] = MappingProxyType(
    {
        "points.ply": _scale_ply,
        "points_sparse.ply": _scale_ply,
        "points_full.ply": _scale_ply,
        "mesh.ply": _scale_ply,
        "points.laz": _scale_laz,
        "model.glb": _scale_glb,
        "cameras.json": _scale_cameras,
        "colmap.zip": scale_colmap_zip,
    }
)
