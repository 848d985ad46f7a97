"""What must be said before Django is imported."""

import os
from pathlib import Path

VARIABLE = "SCENE3D_FAILPOINT"


def prepare(folder: Path, *, engine: str) -> None:
    """Settings, data folder, and failpoints that can be armed."""
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "tests.faults.settings",
        "SCENE3D_DATA_DIR": str(folder),
        "SCENE3D_DEVICE": "cpu",
        "SCENE3D_LOG_LEVEL": "WARNING",
        "FAULTS_ENGINE": engine,
        VARIABLE: "claimed:nothing:1",
    }
    import django  # noqa: PLC0415  # reads the above

    django.setup()
