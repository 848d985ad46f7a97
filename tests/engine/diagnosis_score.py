"""`make test-diagnosis`: the share of generated cases in which the diagnosis is right."""

import sys
import tempfile
from collections import Counter
from pathlib import Path

from scene3d.engine.host import Host
from scene3d.engine.pipeline import reconstruct
from scene3d.engine.presets import PRESETS
from scene3d.engine.progress import Silent
from scene3d.engine.report import PhotoRow
from scene3d.engine.sources import find_photos
from scene3d.engine.weights import WeightStore
from scene3d.engine.workspace import Workspace
from tests.engine.diagnosis_cases import (
    BAD_NAME,
    NUM_CASES,
    DiagnosisCase,
    Scenes,
    cases,
    is_right,
    make_photos,
)

NEEDED_SHARE = 0.95
OPTIONS = PRESETS["quick"].options.merged(
    {"features": {"max_keypoints": 1024, "long_side_px": 480}}
)


def examine(case: DiagnosisCase, scenes: Scenes, folder: Path, host: Host) -> list[PhotoRow]:
    """The rows of a run over the case's photos."""
    photos = make_photos(case, scenes, folder / "photos")
    workspace = Workspace(folder / "work")
    return reconstruct(find_photos(photos), OPTIONS, workspace, Silent(), host).photos


def main() -> int:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else NUM_CASES
    right: Counter[str] = Counter()
    total: Counter[str] = Counter()
    num_false_alarms = num_good = 0
    with tempfile.TemporaryDirectory() as root:
        host = Host(weights=WeightStore(Path(root) / "none"), num_threads=2)
        scenes = Scenes(Path(root) / "scenes")
        for case in cases(count):
            rows = examine(case, scenes, Path(root) / str(case.number), host)
            [bad] = [row for row in rows if row.name == BAD_NAME]
            alarms = [row for row in rows if row.name != BAD_NAME and row.reason]
            total[case.bad.kind] += 1
            right[case.bad.kind] += is_right(case, bad.model_dump())
            num_good += len(rows) - 1
            num_false_alarms += len(alarms)
            verdict = "right" if is_right(case, bad.model_dump()) else "WRONG"
            sys.stdout.write(f"{case}: {verdict}: {bad.status} {bad.reason} {bad.evidence}\n")
            for row in alarms:
                sys.stdout.write(f"  false alarm: {row.name} {row.status} {row.reason}\n")
            sys.stdout.flush()
    for kind in total:
        sys.stdout.write(f"{kind:<14} {right[kind]:3d} of {total[kind]:3d}\n")
    share = right.total() / total.total()
    sys.stdout.write(
        f"right: {right.total()} of {total.total()}; false alarms: {num_false_alarms} of"
        f" {num_good} good photos\n"
    )
    return 0 if share >= NEEDED_SHARE and num_false_alarms <= 0.01 * num_good else 1


if __name__ == "__main__":
    raise SystemExit(main())
