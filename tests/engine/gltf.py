"""The least of a glTF reader, written from the specification and not from our writer."""

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

_TYPES: dict[int, np.dtype[Any]] = {5126: np.dtype("<f4"), 5123: np.dtype("<u2")}


class Gltf:
    """A GLB file; positions come in the world of the scene."""

    def __init__(self, path: Path) -> None:
        content = path.read_bytes()
        magic, version, num_bytes = struct.unpack_from("<4sII", content)
        assert (magic, version, num_bytes) == (b"glTF", 2, len(content))
        chunks, at = {}, 12
        while at < num_bytes:
            size, kind = struct.unpack_from("<I4s", content, at)
            assert size % 4 == 0
            chunks[kind] = content[at + 8 : at + 8 + size]
            at += 8 + size
        self.json: dict[str, Any] = json.loads(chunks[b"JSON"])
        self._binary = chunks.get(b"BIN\0", b"")
        if self._binary:
            assert self.json["buffers"] == [{"byteLength": len(self._binary)}]

    def worlds(self) -> dict[str, tuple[dict[str, Any], NDArray[np.float64]]]:
        """Node and 4x4 world_from_node of every node, by name."""
        found: dict[str, tuple[dict[str, Any], NDArray[np.float64]]] = {}

        def visit(index: int, parent: NDArray[np.float64]) -> None:
            node = self.json["nodes"][index]
            world = parent @ _local(node)
            found[node["name"]] = (node, world)
            for child in node.get("children", []):
                visit(child, world)

        for root in self.json["scenes"][self.json["scene"]]["nodes"]:
            visit(root, np.eye(4))
        return found

    def attribute(self, node: dict[str, Any], name: str) -> NDArray[Any]:
        """(N, components) of the node's one primitive."""
        [primitive] = self.json["meshes"][node["mesh"]]["primitives"]
        accessor = self.json["accessors"][primitive["attributes"][name]]
        view = self.json["bufferViews"][accessor["bufferView"]]
        components = {"VEC3": 3, "VEC4": 4}[accessor["type"]]
        dtype = _TYPES[accessor["componentType"]]
        assert view["byteOffset"] % 4 == 0
        values: NDArray[Any] = np.frombuffer(
            self._binary, dtype, accessor["count"] * components, view["byteOffset"]
        )
        assert values.nbytes == view["byteLength"]
        shaped: NDArray[Any] = values.reshape(-1, components)
        return shaped


def _local(node: dict[str, Any]) -> NDArray[np.float64]:
    matrix = np.eye(4)
    rotation = Rotation.from_quat(node.get("rotation", [0, 0, 0, 1])).as_matrix()
    matrix[:3, :3] = rotation * np.array(node.get("scale", [1, 1, 1]))
    matrix[:3, 3] = node.get("translation", [0, 0, 0])
    return matrix
