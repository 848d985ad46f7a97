"""Tests: cheap passwords, a database and folders of their own."""

import tempfile
from pathlib import Path

from scene3d.settings.base import *
from scene3d.settings.local import existing_folder

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
_FOLDER = Path(tempfile.mkdtemp(prefix="scene3d-test-"))
DATA_DIR = _FOLDER
WORK_DIR = _FOLDER / "work"
UPLOAD_DIR = existing_folder(_FOLDER / "uploads")
FILE_UPLOAD_TEMP_DIR = UPLOAD_DIR
STORAGES["jobs"]["OPTIONS"]["location"] = _FOLDER / "jobs"
