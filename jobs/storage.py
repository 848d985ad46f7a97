"""The folder of jobs' files: a file is whole and on the disk, or it is not there."""

import os
import secrets
from pathlib import Path
from typing import Any

from django.core.files import File
from django.core.files.storage import FileSystemStorage

from scene3d.engine.failpoints import failpoint


class DurableStorage(FileSystemStorage):
    """Writes beside the name, waits for the disk, then gives the file its name.

    Django's own writes under the name: a process that is killed half-way leaves half a file there,
    and a machine that loses power an empty one, for which the database already answers.
    """

    def _save(self, name: str, content: File[Any]) -> str:
        target = Path(self.path(name))
        self._make_folder(target.parent)
        part = target.with_name(f".{secrets.token_hex(8)}.part")
        try:
            with part.open("xb") as file:
                for chunk in content.chunks():
                    file.write(chunk)
                    failpoint("storing")
                file.flush()
                failpoint("stored")
                os.fsync(file.fileno())
            failpoint("on_disk")
            part.replace(target)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        _sync(target.parent)
        return name

    def _make_folder(self, folder: Path) -> None:
        if not folder.is_dir():
            folder.mkdir(parents=True, exist_ok=True)
            for parent in folder.parents:
                _sync(parent)
                if parent == Path(self.location):
                    break


def _sync(folder: Path) -> None:
    """A new name is on the disk once its folder is."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
