"""Stages that an earlier attempt of the same run has finished: taken over, not done again.

Each stage leaves a record with the SHA-256 of its files, written when they are whole. A file that
is not what its record says, such as one that a worker still wrote when it was killed, voids the
stage. Files are copied: whoever wrote them may still be alive.
"""

import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from scene3d.engine.options import ReconstructionOptions
from scene3d.engine.progress import Stage
from scene3d.engine.sources import PhotoSource
from scene3d.engine.types import PhotoSet
from scene3d.engine.workspace import Workspace

_PHOTO_SETS = TypeAdapter(PhotoSet)
_KEYPOINTS = TypeAdapter(dict[int, int])


class NotKept(Exception):  # noqa: N818  # a state, not an error
    """The stage has to be done."""


class KeptStages:
    """Of one run in one workspace; empty where the workspace names no earlier one."""

    def __init__(
        self, photos: Sequence[PhotoSource], options: ReconstructionOptions, workspace: Workspace
    ) -> None:
        self._workspace = workspace
        names_and_contents = [[photo.name, _sha256(photo.path)] for photo in photos]
        of = json.dumps([options.fingerprint(), names_and_contents])
        self._key = hashlib.sha256(of.encode()).hexdigest()

    def keep_photos(self, photos: PhotoSet) -> None:
        folders = (
            self._workspace.photos_dir,
            self._workspace.previews_dir,
            self._workspace.thumbnails_dir,
        )
        self._keep("checking", _PHOTO_SETS.dump_python(photos, mode="json"), folders)

    def photos(self) -> PhotoSet:
        """What `prepare_photos` gave.

        Raises: NotKept.
        """
        photos = _PHOTO_SETS.validate_python(self._take("checking"))
        here = (
            replace(photo, path=self._workspace.photo(photo.index)) for photo in photos.accepted
        )
        return replace(photos, accepted=tuple(here))

    def keep_features(self, num_keypoints: Mapping[int, int]) -> None:
        self._keep("extracting", dict(num_keypoints), (self._workspace.features_dir,))

    def features(self) -> dict[int, int]:
        """What `extract_features` gave.

        Raises: NotKept.
        """
        return _KEYPOINTS.validate_python(self._take("extracting"))

    def _keep(self, stage: Stage, value: Any, folders: Sequence[Path]) -> None:
        root = self._workspace.root
        files = {
            str(path.relative_to(root)): _sha256(path)
            for folder in folders
            for path in sorted(folder.iterdir())
        }
        record = {"key": self._key, "value": value, "files": files}
        path = self._workspace.stage_record(stage)
        part = path.with_suffix(".part")
        part.write_text(json.dumps(record))
        part.replace(path)

    def _take(self, stage: Stage) -> Any:
        if self._workspace.earlier is None:
            raise NotKept
        before, here = Workspace(self._workspace.earlier), self._workspace
        try:
            record = json.loads(before.stage_record(stage).read_text())
            if record["key"] != self._key:
                raise NotKept
            for name, sha256 in record["files"].items():
                shutil.copyfile(before.root / name, here.root / name)
                if _sha256(here.root / name) != sha256:
                    raise NotKept
        except (OSError, ValueError, KeyError) as error:
            raise NotKept from error
        shutil.copyfile(before.stage_record(stage), here.stage_record(stage))
        return record["value"]


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
