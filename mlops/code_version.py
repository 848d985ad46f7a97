"""Which code a stage is run by, so that DVC runs it again when that changes."""

import hashlib
from pathlib import Path

_PARTS = ("scene3d/engine", "mlops/stages")


def code_version(project: Path) -> str:
    """16 hex digits of the engine's and the stages' source files."""
    digest = hashlib.sha256()
    for part in _PARTS:
        for path in sorted((project / part).rglob("*.py")):
            digest.update(path.relative_to(project).as_posix().encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]
