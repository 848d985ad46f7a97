"""One small rendered scene with its dense cloud."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from scene3d.engine.colmap.model_files import read_model
from scene3d.engine.host import Host
from scene3d.engine.model import Model
from scene3d.engine.options import ReconstructionOptions
from scene3d.engine.pipeline import reconstruct
from scene3d.engine.presets import PRESETS
from scene3d.engine.progress import Silent
from scene3d.engine.report import Report
from scene3d.engine.sources import find_photos
from scene3d.engine.weights import WeightStore
from scene3d.engine.workspace import Workspace

OPTIONS = PRESETS["quick"].options.merged({"dense": {"enabled": True}})


@dataclass(frozen=True, kw_only=True)
class DenseRun:
    """A finished run, to be read only; its photos still lie in the workspace."""

    workspace: Workspace
    report: Report
    model: Model
    host: Host
    options: ReconstructionOptions


@pytest.fixture(scope="session")
def dense_run(tmp_path_factory: pytest.TempPathFactory, tiny_photos: Path) -> DenseRun:
    folder = tmp_path_factory.mktemp("dense")
    workspace = Workspace(folder / "work")
    host = Host(weights=WeightStore(folder), num_threads=2)
    report = reconstruct(find_photos(tiny_photos), OPTIONS, workspace, Silent(), host)
    model = read_model(workspace.models_dir / "0")
    return DenseRun(workspace=workspace, report=report, model=model, host=host, options=OPTIONS)
