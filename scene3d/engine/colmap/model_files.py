"""COLMAP's binary models: written by it, read as plain arrays, so that everything after mapping
works without it.

pycolmap hands out observations one by one, at some fifteen microseconds each; its files hold them
in order. Layout: colmap.github.io/format.html.
"""

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from scene3d.engine.geometry.rotations import matrices_from_quaternions
from scene3d.engine.model import Model
from scene3d.engine.types import FloatArray, UInt32Array

if TYPE_CHECKING:  # the processes that read do not load COLMAP
    import pycolmap

PHOTOS_FILE = "photos.json"
"""Beside a model's files: COLMAP's image id to Photo.index."""

_RADIAL = 3
_CAMERA = np.dtype([("id", "<u4"), ("model", "<i4"), ("size_px", "<u8", 2), ("params", "<f8", 5)])
IMAGE_HEADER = np.dtype(
    [("id", "<u4"), ("wxyz", "<f8", 4), ("translation", "<f8", 3), ("camera", "<u4")]
)
OBSERVATION = np.dtype([("xy_px", "<f8", 2), ("point", "<i8")])
_POINT = np.dtype(
    [("id", "<u8"), ("xyz", "<f8", 3), ("rgb", "u1", 3), ("error_px", "<f8"), ("length", "<u8")]
)
_TRACK_ELEMENT = np.dtype([("image", "<u4"), ("observation", "<u4")])
_RGB_OFFSET = 32
_LENGTH_OFFSET = _POINT.itemsize - 8
COUNT = struct.Struct("<Q")


@dataclass(frozen=True)
class _Image:
    header: np.void
    xy_px: FloatArray
    """(N, 2) of all keypoints."""


def write_model(model: "pycolmap.Reconstruction", folder: Path, names: Mapping[int, str]) -> None:
    """Write `model`, whose images are still named by Photo.index, with the photos' own names."""
    folder.mkdir(parents=True)
    photo_of_image = {image.image_id: int(image.name) for image in model.images.values()}
    for image in model.images.values():
        image.name = names[photo_of_image[image.image_id]]
    model.write(folder)
    (folder / PHOTOS_FILE).write_text(json.dumps(photo_of_image))


def read_model(folder: Path) -> Model:
    """What `write_model` left in `folder`, the points by rising id.

    Raises: ValueError, when a camera is not RADIAL.
    """
    stored = json.loads((folder / PHOTOS_FILE).read_text())
    photo_of_image = {int(image_id): index for image_id, index in stored.items()}
    cameras = _read_cameras(folder / "cameras.bin")
    images = sorted(
        _read_images(folder / "images.bin"), key=lambda image: photo_of_image[image.header["id"]]
    )
    content = (folder / "points3D.bin").read_bytes()
    starts, lengths = _point_spans(content)
    points = _gather(content, starts, _POINT)
    order = np.argsort(points["id"])
    tracks = _gather(content, _element_starts(starts[order], lengths[order]), _TRACK_ELEMENT)
    headers = [image.header for image in images]
    used = [cameras[header["camera"]] for header in headers]
    return Model(
        xyz=points["xyz"][order],
        rgb=points["rgb"][order],
        error_px=points["error_px"][order].astype(np.float32),
        track_offsets=np.concatenate([[0], np.cumsum(lengths[order])]).astype(np.uint32),
        track_photos=_photos_of(tracks["image"], photo_of_image),
        track_xy_px=_positions_of(tracks, images),
        photo_indices=np.array([photo_of_image[header["id"]] for header in headers], np.uint32),
        rotation_cam_from_world=_rotations([header["wxyz"] for header in headers]),
        translation_cam_from_world=np.array([header["translation"] for header in headers]),
        size_px=np.array([camera["size_px"] for camera in used], np.uint32),
        focal_px=np.array([camera["params"][0] for camera in used]),
        principal_point_xy_px=np.array([camera["params"][1:3] for camera in used]),
        radial_distortion=np.array([camera["params"][3:] for camera in used]),
        camera_ids=np.array([header["camera"] for header in headers], np.uint32),
    )


def write_colours(folder: Path, rgb: NDArray[np.uint8]) -> None:
    """Set the colours of the model in `folder`; (P, 3), its points by rising id."""
    path = folder / "points3D.bin"
    content = path.read_bytes()
    starts, _ = _point_spans(content)
    order = np.argsort(_gather(content, starts, _POINT)["id"])
    changed = np.frombuffer(content, np.uint8).copy()
    changed[starts[order][:, None] + _RGB_OFFSET + np.arange(3)] = rgb
    path.write_bytes(changed.tobytes())


def _read_cameras(path: Path) -> dict[int, np.void]:
    cameras = np.frombuffer(path.read_bytes(), np.uint8)[COUNT.size :]
    if len(cameras) % _CAMERA.itemsize or np.any(cameras.view(_CAMERA)["model"] != _RADIAL):
        raise ValueError(f"{path} has cameras that are not RADIAL")
    return {camera["id"]: camera for camera in cameras.view(_CAMERA)}


def _read_images(path: Path) -> list[_Image]:
    content, offset, images = path.read_bytes(), COUNT.size, []
    for _ in range(COUNT.unpack_from(content)[0]):
        header = np.frombuffer(content, IMAGE_HEADER, 1, offset)[0]
        offset = content.index(b"\0", offset + IMAGE_HEADER.itemsize) + 1
        (num_observations,) = COUNT.unpack_from(content, offset)
        observations = np.frombuffer(content, OBSERVATION, num_observations, offset + COUNT.size)
        offset += COUNT.size + observations.nbytes
        images.append(_Image(header, observations["xy_px"]))
    return images


def _point_spans(content: bytes) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Where each point begins, and how long its track is."""
    offset, starts, lengths = COUNT.size, [], []
    for _ in range(COUNT.unpack_from(content)[0]):
        (length,) = COUNT.unpack_from(content, offset + _LENGTH_OFFSET)
        starts.append(offset)
        lengths.append(length)
        offset += _POINT.itemsize + length * _TRACK_ELEMENT.itemsize
    return np.array(starts, np.intp), np.array(lengths, np.intp)


def _element_starts(starts: NDArray[np.intp], lengths: NDArray[np.intp]) -> NDArray[np.intp]:
    within = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    first = np.repeat(starts + _POINT.itemsize, lengths)
    element_starts: NDArray[np.intp] = first + within * _TRACK_ELEMENT.itemsize
    return element_starts


def _gather(content: bytes, starts: NDArray[np.intp], dtype: np.dtype[np.void]) -> NDArray[np.void]:
    """The records that begin at `starts`."""
    rows = np.frombuffer(content, np.uint8)[starts[:, None] + np.arange(dtype.itemsize)]
    return np.ascontiguousarray(rows).view(dtype)[:, 0]


def _photos_of(image_ids: UInt32Array, photo_of_image: Mapping[int, int]) -> UInt32Array:
    table = np.zeros(max(photo_of_image) + 1, np.uint32)
    table[list(photo_of_image)] = list(photo_of_image.values())
    photos: UInt32Array = table[image_ids]
    return photos


def _positions_of(tracks: NDArray[np.void], images: list[_Image]) -> NDArray[np.float32]:
    """(T, 2) COLMAP pixels of every track element."""
    first_row = np.zeros(max((image.header["id"] for image in images), default=0) + 1, np.intp)
    num_rows = 0
    for image in images:
        first_row[image.header["id"]] = num_rows
        num_rows += len(image.xy_px)
    xy_px = np.concatenate([np.empty((0, 2)), *(image.xy_px for image in images)])
    rows = first_row[tracks["image"]] + tracks["observation"]
    positions: NDArray[np.float32] = xy_px[rows].astype(np.float32)
    return positions


def _rotations(wxyz: list[FloatArray]) -> FloatArray:
    return matrices_from_quaternions(np.array(wxyz, np.float64).reshape(-1, 4))
