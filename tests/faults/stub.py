"""An engine of a second: the same stages, files and failpoints, and bytes that can be foretold."""

import hashlib
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from scene3d.engine.failpoints import failpoint
from scene3d.engine.host import Host
from scene3d.engine.native.run import Event, NativeRequest, run_native
from scene3d.engine.preflight import Preflight
from scene3d.engine.progress import Progress
from scene3d.engine.public import PhotoSource, ReconstructionOptions
from scene3d.engine.report import Report
from scene3d.engine.types import Photo, PhotoSet
from scene3d.engine.workspace import Workspace
from tests.engine.builders import make_quality
from tests.jobs.builders import make_report

SECONDS = float(os.environ.get("FAULTS_STUB_SECONDS", "0.6"))
"""Of a run."""
_STEPS = 3
"""Per stage, each with a failpoint of the stage's where it has one."""
_FILES = (
    "points.ply", "points_full.ply", "cameras.json", "points.laz", "model.glb", "report.json",
    "view/0.points.bin", "view/0.tracks.bin",
)  # fmt: skip
FIRST_LOOK = Preflight(
    num_photos=3, num_readable=3, advice=[], expected_seconds=1.0, expected_memory_mb=1
)


def expected_files(photos: Sequence[bytes]) -> Mapping[str, bytes]:
    """Of a result of these photos: artifact name to content."""
    digest = hashlib.sha256(b"".join(hashlib.sha256(photo).digest() for photo in photos)).digest()
    return {name.replace("view/", "view-"): _content(name, digest) for name in _FILES}


def reconstruct(
    photos: Sequence[PhotoSource],
    options: ReconstructionOptions,
    workspace: Workspace,
    progress: Progress,
    host: Host,
) -> Report:
    """In place of `scene3d.engine.pipeline.reconstruct`."""
    workspace.prepare()
    _work(progress, "checking", lambda: progress.checked(_check(photos, workspace)))
    _work(progress, "extracting", lambda: failpoint("extracting"))
    _work(progress, "matching", lambda: failpoint("verifying"))
    _work(progress, "mapping", lambda: failpoint("mapping"))
    _work_in_child(workspace, progress)
    _write_result(photos, workspace.result_dir)
    failpoint("exporting")
    return make_report(len(photos))


def _work(progress: Progress, stage: Any, act: Any) -> None:
    progress.begin(stage, _STEPS)
    act()
    for step in range(_STEPS):
        time.sleep(SECONDS / 4 / _STEPS)
        progress.check()
        progress.update(step + 1, num_keypoints=step)
    failpoint("stage_done")


def _work_in_child(workspace: Workspace, progress: Progress) -> None:
    request = NativeRequest(
        task="tests.faults.stub_task:rest",
        payload={"seconds": SECONDS / 4},
        log=workspace.logs_dir / "native.log",
    )

    def ignore(_child: int, _event: Event) -> None:
        """Nothing is told."""

    run_native([request], ignore, progress.check)


def _check(photos: Sequence[PhotoSource], workspace: Workspace) -> PhotoSet:
    accepted = []
    for index, photo in enumerate(photos):
        workspace.thumbnail(index).write_bytes(b"thumbnail")
        workspace.preview(index).write_bytes(b"preview")
        accepted.append(
            Photo(
                index=index,
                name=photo.name,
                path=photo.path,
                width_px=80,
                height_px=64,
                focal_px=96.0,
                focal_source="guess",
                device=None,
                quality=make_quality(sha256=str(index)),
            )
        )
    return PhotoSet(accepted=tuple(accepted), rejected=())


def _write_result(photos: Sequence[PhotoSource], folder: Path) -> None:
    (folder / "view").mkdir()
    model = folder / "models" / "0"
    model.mkdir(parents=True)
    contents = [photo.path.read_bytes() for photo in photos]
    for name, content in expected_files(contents).items():
        (folder / name.replace("view-", "view/")).write_bytes(content)
    (model / "points3D.bin").write_bytes(contents[0])


def _content(name: str, digest: bytes) -> bytes:
    return b"".join(hashlib.sha256(name.encode() + digest + bytes([n])).digest() for n in range(99))
