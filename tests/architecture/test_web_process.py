"""The web process stays light: no torch, no pycolmap, no mlflow, not even numpy."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HEAVY = (
    "torch", "kornia", "pycolmap", "mlflow", "optuna", "dvc", "numpy", "scipy", "PIL",
    "pillow_heif",
)  # fmt: skip
SCRIPT = f"""
import sys
for name in {HEAVY!r}:
    sys.modules[name] = None  # importing it fails, as on a host with requirements/base.txt alone
import scene3d.asgi
from django.urls import get_resolver
from django.test import Client
for pattern in get_resolver().url_patterns:
    getattr(pattern, "url_patterns", None)  # imports every view
client = Client()
for path in ("/healthz", "/accounts/login/", "/api/v1/schema/", "/metrics"):
    assert client.get(path, headers={{"host": "localhost"}}).status_code == 200, path
print("served")
"""


def test_it_serves_without_the_engines_libraries(tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "scene3d.settings.development",
        "SCENE3D_DATA_DIR": str(tmp_path),
    }
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, env=environment, check=True
    )
    result = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.stdout.endswith("served\n"), result.stderr


def test_a_sift_run_does_not_load_torch(tmp_path: Path) -> None:
    script = (
        "import sys; from scene3d.engine import pipeline, capabilities;"
        "print([name for name in ('torch', 'kornia', 'pycolmap') if name in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert result.stdout == "[]\n"
