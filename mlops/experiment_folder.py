"""Where an experiment's files are."""

from pathlib import Path
from uuid import UUID

from django.conf import settings

from mlops.dvc import DvcFolder


def folder_of(experiment_id: UUID) -> DvcFolder:
    return DvcFolder(Path(settings.DATA_DIR) / "experiments" / str(experiment_id))


def shared_cache() -> Path:
    """DVC's, of all experiments."""
    return Path(settings.DATA_DIR) / "experiments" / "cache"
