"""Ground truth in the Image Matching Challenge's CSV layout."""

import csv
from pathlib import Path

from scene3d.engine.synthetic.arrays import FloatArray
from scene3d.engine.synthetic.scenes import TrueScene

COLUMNS = ("dataset", "scene", "image", "rotation_matrix", "translation_vector")


def write_labels(scene: TrueScene, csv_path: Path, dataset: str, scene_name: str) -> None:
    """Write one row a photo: world-to-camera rotation (9 values) and translation (3), by ";".

    An existing file is extended, so that several scenes can share one table.
    """
    is_new = not csv_path.exists()
    with csv_path.open("a", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        if is_new:
            writer.writerow(COLUMNS)
        for photo in scene.photos:
            pose = photo.cam_from_world
            numbers = (_joined(pose.rotation), _joined(pose.translation))
            writer.writerow((dataset, scene_name, photo.name, *numbers))


def _joined(values: FloatArray) -> str:
    return ";".join(repr(float(value)) for value in values.ravel())
