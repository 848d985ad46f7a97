"""The other anchor: learned features for every photo, LightGlue for every pair, as hloc runs them.

`python -m scene3d.engine.benchmark.learned PHOTOS OUTPUT MODEL_STORE`
"""

import shutil
import sys
import tempfile
from pathlib import Path

from scene3d.engine.capabilities import open_host
from scene3d.engine.options import ReconstructionOptions
from scene3d.engine.pipeline import reconstruct
from scene3d.engine.progress import Silent
from scene3d.engine.sources import find_photos
from scene3d.engine.workspace import Workspace

OPTIONS = ReconstructionOptions.from_dict(
    {
        "features": {"extractor": "aliked-n16", "max_keypoints": 2048, "long_side_px": 1024},
        "pairs": {"strategy": "exhaustive"},
        "matching": {
            "matcher": "lightglue",
            "glance_agreement": 0,
            "min_agreement": 0,
            "enough_partners": 0,
        },
        "mapping": {"refine_principal_point": False},
        "second_look": {"max_partners": 0},
    }
)


def reconstruct_as_hloc(photos: Path, output: Path, model_store: Path) -> None:
    """Poses go to `output`/cameras.json, seconds to `output`/report.json, as our own do."""
    with tempfile.TemporaryDirectory(prefix="scene3d-learned-") as name:
        workspace = Workspace(Path(name) / "work")
        reconstruct(find_photos(photos), OPTIONS, workspace, Silent(), open_host(model_store))
        for file in ("cameras.json", "report.json"):
            shutil.copy(workspace.result_dir / file, output)


if __name__ == "__main__":
    reconstruct_as_hloc(*(Path(argument) for argument in sys.argv[1:]))
