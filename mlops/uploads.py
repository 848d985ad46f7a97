"""Files that are to be attached to a run, one by one."""

import hashlib
import re
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mlops.tracker import Artifact, ArtifactsInvalid

_CUT_IN_ADDRESSES = re.compile(r"[#?%\\]")
"""MLflow puts names into addresses as they are, and stores "plan#2.csv" as "plan"."""


@dataclass(frozen=True)
class Upload:
    """A file, and its place in the run: folders and name with "/" between them."""

    path: Path
    place: str

    def sha256(self) -> str:
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    @contextmanager
    def as_named(self) -> Iterator[tuple[Path, str | None]]:
        """The file under the name of its place, and the folder; None is the run's top."""
        folder, _, name = self.place.rpartition("/")
        if name == self.path.name:
            yield self.path, folder or None
            return
        with tempfile.TemporaryDirectory() as links:
            link = Path(links) / name
            link.symlink_to(self.path.resolve())
            yield link, folder or None


def find_uploads(artifacts: Sequence[Artifact]) -> list[Upload]:
    """Every file of the artifacts, those of a folder in the order of their names.

    Raises: ArtifactsInvalid, which names all that is wrong.
    """
    missing = [str(artifact.path) for artifact in artifacts if not artifact.path.exists()]
    if missing:
        raise ArtifactsInvalid(f"Not there: {', '.join(missing)}.")
    uploads = [upload for artifact in artifacts for upload in _files_of(artifact)]
    times = Counter(upload.place for upload in uploads)
    doubled = [place for place, count in times.items() if count > 1]
    if doubled:
        raise ArtifactsInvalid(
            f"Several files for one place in the run: {', '.join(doubled)}.",
            next_step="Give them folders of their own.",
        )
    return uploads


def _files_of(artifact: Artifact) -> Iterator[Upload]:
    top = [artifact.folder] if artifact.folder else []
    if artifact.path.is_dir():
        files = [path for path in sorted(artifact.path.rglob("*")) if path.is_file()]
        names = [path.relative_to(artifact.path).parts for path in files]
    else:
        files, names = [artifact.path], [(artifact.path.name,)]
    for path, parts in zip(files, names, strict=True):
        yield Upload(path, _CUT_IN_ADDRESSES.sub("_", "/".join([*top, *parts])))
