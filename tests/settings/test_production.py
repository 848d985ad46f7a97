"""Production: it starts with real secrets only, and Django has no objections."""

import json
import os
import secrets
import subprocess
import sys
from pathlib import Path

import pytest

from scene3d.settings.env import BASE_DIR, Environment

GOOD = secrets.token_urlsafe(64)


SETTINGS = "scene3d.settings.production"


def run(tmp_path: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Python with production settings in an otherwise empty environment."""
    ours = {field.alias for field in Environment.model_fields.values()}
    inherited = {name: value for name, value in os.environ.items() if name not in ours}
    folder = {"DJANGO_SETTINGS_MODULE": SETTINGS, "SCENE3D_DATA_DIR": str(tmp_path)}
    return subprocess.run(
        [sys.executable, *arguments],
        env={**inherited, **folder, **variables},
        cwd=BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


REFUSED: dict[str, tuple[dict[str, str], str]] = {
    "missing": ({}, "SECRET_KEY (or SECRET_KEY_FILE) is required in production."),
    "empty": ({"SECRET_KEY": ""}, "SECRET_KEY (or SECRET_KEY_FILE) is required in production."),
    "short": ({"SECRET_KEY": GOOD[:49]}, "SECRET_KEY is short or a placeholder"),
    "placeholder": ({"SECRET_KEY": "change-me-" + GOOD}, "SECRET_KEY is short or a placeholder"),
    "insecure": ({"SECRET_KEY": "django-insecure-" + GOOD},
                 "SECRET_KEY is short or a placeholder"),
    "wrong-port": ({"SECRET_KEY": GOOD, "SCENE3D_PORT": "x"}, "SCENE3D_PORT: "),
}  # fmt: skip


TRY_ALL = f"""
import importlib, json, os, sys
for name, variables in json.loads(sys.argv[1]).items():
    os.environ.update(variables)
    try:
        importlib.import_module("{SETTINGS}")
        print(json.dumps([name, "it started"]))
    except Exception as error:
        print(json.dumps([name, f"{{type(error).__name__}}: {{error}}"]))
    for variable in variables:
        del os.environ[variable]
    for module in [module for module in sys.modules if module.startswith("scene3d.settings")]:
        del sys.modules[module]
"""


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What each start said; all in one process, since starting Python takes longest."""
    cases = {case: variables for case, (variables, _) in REFUSED.items()}
    done = run(tmp_path_factory.mktemp("data"), "-c", TRY_ALL, json.dumps(cases))
    return dict(json.loads(line) for line in done.stdout.splitlines())


@pytest.mark.parametrize("case", REFUSED)
def test_it_does_not_start_like_this(answers: dict[str, str], case: str) -> None:
    assert answers[case].startswith(f"ImproperlyConfigured: {REFUSED[case][1]}")


def test_django_has_no_objections(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text(GOOD + "\n")
    check = ["manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    done = run(tmp_path, *check, SECRET_KEY_FILE=str(key))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "System check identified no issues (0 silenced).\n"


def test_what_production_means(tmp_path: Path) -> None:
    program = (
        f"import {SETTINGS} as s; print([s.DEBUG, s.SECURE_SSL_REDIRECT,"
        " s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.SESSION_COOKIE_HTTPONLY,"
        " s.SECURE_HSTS_SECONDS, s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME,"
        " s.SIMPLE_JWT['SIGNING_KEY'] == 'k' * 50])"
    )
    done = run(tmp_path, "-c", program, SECRET_KEY=GOOD, DEBUG="1", JWT_SIGNING_KEY="k" * 50)
    assert done.stdout.strip() == (
        "[False, True, True, True, True, 31536000, '__Host-sessionid', '__Host-csrftoken', True]"
    )
