from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from jobs import worker_host
from jobs.worker_models import Worker


@pytest.mark.django_db
def test_without_its_weights_a_worker_says_what_to_do(
    settings: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.MODEL_STORE = tmp_path / "none"
    worker_host.this_host.cache_clear()
    try:
        with pytest.raises(SystemExit) as ended:
            call_command("run_worker", "--burst")
    finally:
        worker_host.this_host.cache_clear()
    assert ended.value.code == 1
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("weights_missing: The model store has no ")
    assert line.endswith(" Run `manage.py fetch_models`.")
    assert not Worker.objects.exists()
