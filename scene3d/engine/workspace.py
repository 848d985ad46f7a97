"""Where a run keeps its files."""

import shutil
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Workspace:
    """A folder of one run. Everything in it except `result_dir` may be deleted afterwards."""

    root: Path
    earlier: Path | None = None
    """The folder of an attempt before this one, whose finished stages are taken over."""

    @property
    def photos_dir(self) -> Path:
        return self.root / "photos"

    @property
    def previews_dir(self) -> Path:
        return self.root / "previews"

    @property
    def thumbnails_dir(self) -> Path:
        return self.root / "thumbnails"

    @property
    def features_dir(self) -> Path:
        return self.root / "features"

    @property
    def matches_path(self) -> Path:
        return self.root / "matches.npz"

    @property
    def database_path(self) -> Path:
        return self.root / "database.db"

    @property
    def models_dir(self) -> Path:
        return self.root / "models"

    @property
    def snapshots_dir(self) -> Path:
        """Models so far, while mapping goes on."""
        return self.root / "snapshots"

    @property
    def live_path(self) -> Path:
        """The last preview of the model so far."""
        return self.root / "live.points.bin"

    @property
    def dense_dir(self) -> Path:
        """Depths of every photo, while the dense stage works."""
        return self.root / "dense"

    @property
    def stages_dir(self) -> Path:
        """Records of finished stages."""
        return self.root / "stages"

    @property
    def logs_dir(self) -> Path:
        return self.root / "logs"

    @property
    def result_dir(self) -> Path:
        """Complete when `reconstruct` returns, absent or partial before."""
        return self.root / "result"

    def photo(self, index: int) -> Path:
        """The re-encoded photo."""
        return self.photos_dir / f"{index:06d}.jpg"

    def preview(self, index: int) -> Path:
        return self.previews_dir / f"{index:06d}.jpg"

    def thumbnail(self, index: int) -> Path:
        return self.thumbnails_dir / f"{index:06d}.jpg"

    def features(self, index: int) -> Path:
        return self.features_dir / f"{index:06d}.npz"

    def stage_record(self, stage: str) -> Path:
        return self.stages_dir / f"{stage}.json"

    def prepare(self) -> None:
        """Start empty: what an earlier run left here is deleted."""
        if self.root.exists():
            shutil.rmtree(self.root)
        for folder in (
            self.photos_dir,
            self.previews_dir,
            self.thumbnails_dir,
            self.features_dir,
            self.models_dir,
            self.snapshots_dir,
            self.stages_dir,
            self.logs_dir,
            self.result_dir,
        ):
            folder.mkdir(parents=True)
