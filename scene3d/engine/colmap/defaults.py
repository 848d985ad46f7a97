"""COLMAP as it comes: what everything here is measured against.

`python -m scene3d.engine.colmap.defaults PHOTOS OUTPUT`
"""

import json
import sys
from pathlib import Path
from typing import Any

import pycolmap


def reconstruct_with_defaults(photos: Path, output: Path) -> int:
    """SIFT, all pairs, incremental mapping, every option at its default, one camera per scene.

    Models go to `output`/N, poses to `output`/cameras.json as our own do, the largest model first.

    Returns:
        The number of models.
    """
    output.mkdir(parents=True, exist_ok=True)
    database = output / "database.db"
    pycolmap.set_random_seed(0)
    pycolmap.extract_features(database, photos, camera_mode=pycolmap.CameraMode.SINGLE)
    pycolmap.match_exhaustive(database)
    models = pycolmap.incremental_mapping(database, photos, output)
    by_size = sorted(models.values(), key=lambda model: model.num_reg_images(), reverse=True)
    cameras = [{"cameras": _cameras(model)} for model in by_size]
    (output / "cameras.json").write_text(json.dumps({"models": cameras}))
    return len(models)


def _cameras(model: pycolmap.Reconstruction) -> list[dict[str, Any]]:
    poses = {
        model.images[image_id].name: model.images[image_id].cam_from_world()
        for image_id in model.reg_image_ids()
    }
    return [
        {
            "photo": name,
            "cam_from_world": {
                "rotation": pose.rotation.matrix().tolist(),
                "translation": pose.translation.tolist(),
            },
        }
        for name, pose in poses.items()
    ]


if __name__ == "__main__":
    reconstruct_with_defaults(Path(sys.argv[1]), Path(sys.argv[2]))
