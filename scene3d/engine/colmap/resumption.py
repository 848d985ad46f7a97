"""A finished model as the mapper's starting point, so that it only has to add photos."""

import json
import shutil
import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pycolmap

from scene3d.engine.colmap.database import database_name
from scene3d.engine.colmap.model_files import COUNT, IMAGE_HEADER, OBSERVATION, PHOTOS_FILE

_ID = struct.Struct("<I")
_NO_POINT = -1


def resume_from(folder: Path, database: pycolmap.Database) -> pycolmap.ReconstructionManager:
    """Holds the model that `write_model` left in `folder`, as `database` would have it by now.

    Its photos are named by index again and get the keypoints that were added since; the database
    gets its cameras, since the mapper wants both to have the same lenses.
    """
    resumed = folder.with_name(f"{folder.name}-resumed")
    shutil.copytree(folder, resumed)
    images = resumed / "images.bin"
    stored = json.loads((folder / PHOTOS_FILE).read_text())
    photo_of_image = {int(image_id): index for image_id, index in stored.items()}
    images.write_bytes(b"".join(_renewed(images.read_bytes(), photo_of_image, database)))
    found = pycolmap.ReconstructionManager()
    found.read(resumed)
    shutil.rmtree(resumed)
    for camera in found.get(0).cameras.values():
        database.update_camera(camera)
    return found


def _renewed(
    content: bytes, photo_of_image: dict[int, int], database: pycolmap.Database
) -> Iterator[bytes]:
    """pycolmap cannot add keypoints to an image that has some; its file can be longer."""
    yield content[: COUNT.size]
    start = COUNT.size
    for _ in range(COUNT.unpack_from(content)[0]):
        (image_id,) = _ID.unpack_from(content, start)
        named = start + IMAGE_HEADER.itemsize
        counted = content.index(b"\0", named) + 1
        (num_known,) = COUNT.unpack_from(content, counted)
        observed = counted + COUNT.size
        end = observed + num_known * OBSERVATION.itemsize
        xy_px = database.read_keypoints(image_id)[num_known:, :2]
        added = np.zeros(len(xy_px), OBSERVATION)
        added["xy_px"], added["point"] = xy_px, _NO_POINT
        yield content[start:named]
        yield database_name(photo_of_image[image_id]).encode() + b"\0"
        yield COUNT.pack(num_known + len(added))
        yield content[observed:end]
        yield added.tobytes()
        start = end
