"""Tests: cheap passwords, and a database, a broker and folders of their own."""

import atexit
import shutil
import tempfile
from pathlib import Path

from scene3d.settings.base import *
from scene3d.settings.local import broker_socket, existing_folder

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
_FOLDER = Path(tempfile.mkdtemp(prefix="scene3d-test-"))
atexit.register(shutil.rmtree, _FOLDER, ignore_errors=True)
DATA_DIR = _FOLDER
WORK_DIR = _FOLDER / "work"
UPLOAD_DIR = existing_folder(_FOLDER / "uploads")
FILE_UPLOAD_TEMP_DIR = UPLOAD_DIR
IS_TRACKER_EMBEDDED = True  # whatever the environment says: no test writes to anybody's tracker
MLFLOW_TRACKING_URI = f"sqlite:///{_FOLDER}/mlflow/mlflow.db"
MLFLOW_ARTIFACT_ROOT = _FOLDER / "mlflow" / "artifacts"
WEBHOOK_URL = WEBHOOK_SECRET = ""  # nor to anybody's webhook
STATIC_ROOT = existing_folder(_FOLDER / "static")
STORAGES["jobs"]["OPTIONS"]["location"] = _FOLDER / "jobs"

if not ENV.database_url:
    # A file, as in production: connections of several threads wait for each other.
    DATABASES["default"]["TEST"] = {"NAME": _FOLDER / "test.sqlite3"}

# A test that needs a broker starts one here; the installation's own is never touched.
BROKER_SOCKET = broker_socket(_FOLDER)
BROKER_URL = f"unix://{BROKER_SOCKET}?db=0"
for queue in RQ_QUEUES.values():
    queue["URL"] = BROKER_URL
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

# One test may upload more than one person in an hour; tests of throttles set their own.
THROTTLES = {name: THROTTLES[name] for name in ("login", "signup")}
