"""A challenger with the real engine, on rendered photos of a job that is done."""

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from accounts.models import User
from jobs.models import Job, JobEvent
from jobs.presets import choose_preset, effective_options
from jobs.shadow import ShadowOrder, run_shadow
from mlops import services as serving
from mlops.models import ShadowRun
from mlops.rules import SHELL
from mlops.shadow_comparison import compare_runs
from scene3d.engine.public import PRESETS
from tests.jobs.builders import stored_files
from tests.jobs.real_result import make_real
from tests.mlops.serving.builders import WHY, make_candidate

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.mark.usefixtures("host")
def test_fewer_keypoints_give_fewer_points_and_nobody_sees_it(
    alice: User, tiny_result: Path, tiny_photos: Path, tmp_path: Path
) -> None:
    job = make_real(alice, tiny_result, tiny_photos, tmp_path)
    served = effective_options(choose_preset("quick"), {})
    fields = {"preset": "quick", "options_fingerprint": served.fingerprint()}
    Job.objects.filter(pk=job.pk).update(**fields)
    few = PRESETS["quick"].options.merged({"features": {"max_keypoints": 300}})
    candidate = make_candidate(preset="quick", options=few)
    serving.switch_shadow(candidate, SHELL, WHY, is_on=True)

    def visible() -> list[Any]:
        return [list(Job.objects.values()), list(JobEvent.objects.values()), stored_files()]

    before, told = visible(), list[str]()
    run_shadow(ShadowOrder(sample=5), is_over=lambda: False, tell=told.append)
    assert told == [f"{candidate}: 1 job to try", f"  job {job.pk}: compared"]
    assert visible() == before
    assert not (Path(settings.WORK_DIR) / "shadow").exists()
    run = ShadowRun.objects.get()
    assert run.num_photos == 7
    assert run.served["registration"] == run.challenger["registration"] == 1.0
    assert 50 < run.challenger["num_points"] < 0.6 * run.served["num_points"]
    assert 0.05 < run.challenger["mean_error_px"] < 2
    assert 2 <= run.challenger["mean_track_length"] <= 7
    assert 0.01 < run.challenger["seconds_per_photo"] < 60
    assert run.challenger_fingerprint != run.served_fingerprint == served.fingerprint()
    points = next(row for row in compare_runs([run]).paired if row.measure.key == "num_points")
    assert (points.num_losses, points.verdict) == (1, "worse")
