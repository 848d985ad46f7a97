"""What an installation without configuration makes for itself, once."""

import fcntl
import hashlib
import os
import tempfile
from pathlib import Path

from django.core.management.utils import get_random_secret_key

_MAX_SOCKET_PATH_BYTES = 100
"""Unix sockets allow 108; pytest's and people's folders can be deeper."""


def persistent_secret(path: Path) -> str:
    """The secret in `path`, made on first use; only its owner can read it.

    Web and worker start together: the lock keeps one from reading what the other has not written.
    """
    if path.exists() and (secret := path.read_text()):
        return secret
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        secret = file.read()
        if not secret:
            secret = get_random_secret_key()
            file.write(secret)
    return secret


def existing_folder(path: Path) -> Path:
    """The same path, made where it is missing: Django insists on its upload folder."""
    path.mkdir(parents=True, exist_ok=True)
    return path


def broker_socket(data_dir: Path) -> Path:
    """Where the bundled Valkey listens: in `data_dir`, or in a short place that belongs to it."""
    path = data_dir / "valkey" / "valkey.sock"
    if len(os.fsencode(path)) <= _MAX_SOCKET_PATH_BYTES:
        return path
    digest = hashlib.sha256(os.fsencode(path)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"scene3d-{os.getuid()}-{digest}" / "valkey.sock"
