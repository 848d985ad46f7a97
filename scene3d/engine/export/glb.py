"""Points and cameras as one GLB, for 3D programs, phones and web pages.

Written by hand: the small glTF libraries write points, but no cameras. Source: Khronos, glTF 2.0
specification. Its world has +Y up, its cameras look along -z with y up, its colours are linear.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scene3d.engine.dense.patches import Mesh
from scene3d.engine.types import FloatArray

_HALF_TURN = 0.5**0.5
Y_UP_FROM_Z_UP_XYZW = (-_HALF_TURN, 0.0, 0.0, _HALF_TURN)
GLTF_CAM_FROM_COLMAP_CAM = np.diag([1.0, -1.0, -1.0])

_POINTS, _LINES, _TRIANGLES = 0, 1, 4
_FLOAT, _USHORT, _UINT = 5126, 5123, 5125
_TARGET_ARRAY_BUFFER, _TARGET_ELEMENT_ARRAY_BUFFER = 34962, 34963
_UNLIT = "KHR_materials_unlit"
_JSON_CHUNK, _BINARY_CHUNK = 0x4E4F534A, 0x004E4942


def write_glb(
    points: np.ndarray,
    cameras: Sequence[Mapping[str, Any]],
    path: Path,
    mesh: Mesh | None = None,
) -> None:
    """The mesh, or the points where there is none (`ply.point_rows` or `ply.dense_rows`), and the
    entries of one model in cameras.json.

    Every photo is a node with a glTF camera, which holds the view angle, and a pyramid of lines,
    which holds the principal point too.
    """
    glb = _Glb()
    children = []
    if mesh is not None and len(mesh.triangles):
        children.append(glb.add_node({"name": "mesh", "mesh": _add_mesh(glb, mesh)}))
    elif len(points):
        xyz = np.stack([points[axis] for axis in "xyz"], axis=1)
        rgb = np.stack([points[channel] for channel in ("red", "green", "blue")], axis=1)
        attributes = {"POSITION": glb.add(xyz), "COLOR_0": glb.add(_linear_rgba(rgb))}
        children.append(glb.add_node({"name": "points", "mesh": glb.mesh(attributes, _POINTS)}))
    depth = _pyramid_depth(np.array([camera["center_in_world"] for camera in cameras]))
    for camera in cameras:
        attributes = {"POSITION": glb.add(_pyramid(camera, depth))}
        node = _camera_node(camera) | {
            "mesh": glb.mesh(attributes, _LINES),
            "camera": glb.add_camera(_perspective(camera, depth)),
        }
        children.append(glb.add_node(node))
    root = {"name": "Scene3D", "rotation": list(Y_UP_FROM_Z_UP_XYZW), "children": children}
    glb.write(path, glb.add_node(root))


def _add_mesh(glb: "_Glb", mesh: Mesh) -> int:
    attributes = {"POSITION": glb.add(mesh.xyz), "COLOR_0": glb.add(_linear_rgba(mesh.rgb))}
    return glb.mesh(attributes, _TRIANGLES, glb.add_indices(mesh.triangles))


class _Glb:
    """A document and its one buffer, filled from the leaves to the root."""

    def __init__(self) -> None:
        self._blocks: list[bytes] = []
        self._num_bytes = 0
        self._lists: dict[str, list[dict[str, Any]]] = {
            name: [] for name in ("nodes", "meshes", "cameras", "accessors", "bufferViews")
        }

    def add(self, values: NDArray[Any]) -> int:
        """An accessor of float32 positions (N, 3) or uint16 colours (N, 4), N ≥ 1."""
        block = np.ascontiguousarray(values, values.dtype.newbyteorder("<")).tobytes()
        view = {
            "buffer": 0,
            "byteOffset": self._num_bytes,
            "byteLength": len(block),
            "target": _TARGET_ARRAY_BUFFER,
        }
        self._blocks.append(block)
        self._num_bytes += len(block)
        accessor = {
            "bufferView": self._append("bufferViews", view),
            "count": len(values),
            "type": f"VEC{values.shape[1]}",
        }
        if values.dtype == np.uint16:
            return self._append(
                "accessors", accessor | {"componentType": _USHORT, "normalized": True}
            )
        limits = {"min": values.min(axis=0).tolist(), "max": values.max(axis=0).tolist()}
        return self._append("accessors", accessor | {"componentType": _FLOAT} | limits)

    def add_indices(self, triangles: NDArray[np.uint32]) -> int:
        """An accessor of (T, 3) rows of the positions, T ≥ 1."""
        block = np.ascontiguousarray(triangles, "<u4").tobytes()
        view = {
            "buffer": 0,
            "byteOffset": self._num_bytes,
            "byteLength": len(block),
            "target": _TARGET_ELEMENT_ARRAY_BUFFER,
        }
        self._blocks.append(block)
        self._num_bytes += len(block)
        accessor = {"count": triangles.size, "type": "SCALAR", "componentType": _UINT}
        buffer_view = self._append("bufferViews", view)
        return self._append("accessors", accessor | {"bufferView": buffer_view})

    def mesh(self, attributes: Mapping[str, int], mode: int, indices: int | None = None) -> int:
        primitive = {"attributes": attributes, "mode": mode, "material": 0}
        if indices is not None:
            primitive["indices"] = indices
        return self._append("meshes", {"primitives": [primitive]})

    def add_node(self, node: dict[str, Any]) -> int:
        return self._append("nodes", node)

    def add_camera(self, camera: dict[str, Any]) -> int:
        return self._append("cameras", camera)

    def write(self, path: Path, root: int) -> None:
        document = {
            "asset": {"version": "2.0", "generator": "Scene3D"},
            "extensionsUsed": [_UNLIT],
            "scene": 0,
            "scenes": [{"nodes": [root]}],
            "materials": [
                {"extensions": {_UNLIT: {}}, "pbrMetallicRoughness": {}, "doubleSided": True}
            ],
            "buffers": [{"byteLength": self._num_bytes}] if self._num_bytes else [],
            **self._lists,
        }
        filled = {name: value for name, value in document.items() if value != []}
        path.write_bytes(join_chunks(filled, b"".join(self._blocks)))

    def _append(self, name: str, item: dict[str, Any]) -> int:
        self._lists[name].append(item)
        return len(self._lists[name]) - 1


def join_chunks(document: Mapping[str, Any], binary: bytes) -> bytes:
    """A GLB file of its JSON and its buffer."""
    text = json.dumps(document, separators=(",", ":")).encode()
    chunks = b""
    for kind, content, padding in ((_JSON_CHUNK, text, b" "), (_BINARY_CHUNK, binary, b"\0")):
        if content:
            padded = content.ljust(-(-len(content) // 4) * 4, padding)
            chunks += np.array([len(padded), kind], "<u4").tobytes() + padded
    return b"glTF" + np.array([2, 12 + len(chunks)], "<u4").tobytes() + chunks


def _linear_rgba(rgb: NDArray[np.uint8]) -> NDArray[np.uint16]:
    """(N, 3) sRGB to (N, 4) linear with full opacity; eight linear bits would band in the dark."""
    value = np.arange(256) / 255
    linear = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    table = np.rint(linear * 65535).astype(np.uint16)
    return np.concatenate([table[rgb], np.full((len(rgb), 1), 65535, np.uint16)], axis=1)


def _camera_node(camera: Mapping[str, Any]) -> dict[str, Any]:
    from scipy.spatial.transform import Rotation  # noqa: PLC0415  # see pipeline._import_meanwhile

    cam_from_world = np.array(camera["cam_from_world"]["rotation"]).reshape(3, 3)
    world_from_gltf_cam = (GLTF_CAM_FROM_COLMAP_CAM @ cam_from_world).T
    return {
        "name": camera["photo"],
        "translation": camera["center_in_world"],
        "rotation": Rotation.from_matrix(world_from_gltf_cam).as_quat().tolist(),
    }


def _perspective(camera: Mapping[str, Any], depth: float) -> dict[str, Any]:
    view_angle = 2 * np.arctan(camera["height_px"] / 2 / camera["focal_xy_px"][1])
    aspect = camera["width_px"] / camera["height_px"]
    perspective = {"yfov": float(view_angle), "aspectRatio": aspect, "znear": depth / 100}
    return {"type": "perspective", "perspective": perspective}


def _pyramid(camera: Mapping[str, Any], depth: float) -> NDArray[np.float32]:
    """(16, 3): eight segments from the centre to the photo's corners and along its edges, in the
    frame of the glTF camera."""
    size_px = np.array([camera["width_px"], camera["height_px"]])
    corners_px = np.array([(0, 0), (1, 0), (1, 1), (0, 1)]) * size_px
    rays = (corners_px - camera["principal_point_xy_px"]) / camera["focal_xy_px"]
    corners = depth * np.column_stack([rays, np.ones(4)]) @ GLTF_CAM_FROM_COLMAP_CAM
    spokes = np.stack([np.zeros((4, 3)), corners], axis=1)
    edges = np.stack([corners, np.roll(corners, -1, axis=0)], axis=1)
    return np.concatenate([spokes, edges]).reshape(-1, 3).astype(np.float32)


def _pyramid_depth(centers_in_world: FloatArray) -> float:
    """Small enough that neighbours do not overlap much."""
    from scipy.spatial import cKDTree  # noqa: PLC0415  # likewise

    if len(centers_in_world) < 2:
        return 0.1
    distances, _ = cKDTree(centers_in_world).query(centers_in_world, 2)
    return max(float(np.median(distances[:, 1])) / 3, 1e-6)
