"""Baselines that are activated, jobs that are counted once, windows that alert and calm down."""

from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import Group
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from accounts.models import User
from drift import services
from drift.errors import AlreadyActive, BaselineOutdated, DriftBlocked, ReasonNeeded, RightMissing
from drift.making import baseline_of, baseline_of_jobs, last_jobs
from drift.metrics import DriftCollector
from drift.models import Activation, Baseline, Outcome, Unchangeable, Upload, Window
from drift.public import (
    current_state,
    jobs_behind,
    record_outcome,
    record_satisfaction,
    trend,
    upload_verdict,
)
from drift.scoring import look_at_windows, refuse_if_told, score_photos
from tests.drift.builders import LEVELS, keep, photos_of, report, run_job, scene, usual_baseline
from tests.jobs.pages import Page

pytestmark = pytest.mark.django_db
WHY = "Photos of this summer"


@pytest.fixture
def operator() -> User:
    user = User.objects.create_user("olga", is_staff=True)
    user.groups.add(Group.objects.get(name="operators"))
    return user


@pytest.fixture
def visitor() -> User:
    return User.objects.create_user("steve", is_staff=True)


@pytest.fixture
def active() -> Baseline:
    """Of scenes as `photos_of` makes them: without a lens, contrast by brightness."""
    scenes = [
        [dict(row) for row in scene(level, has_focal=0.0, focal_35mm=None, long_side_px=400.0)]
        for level in LEVELS
    ]
    for photos in scenes:
        for photo in photos:
            photo |= {"contrast": 50.0 / (photo["brightness"] or 1.0), "blur_px": 0.7}
    baseline = keep(baseline_of(scenes))
    services.activate(baseline, services.SHELL, WHY)
    return baseline


def run_jobs(levels: Any) -> None:
    for level in levels:
        run_job(level)
        look_at_windows()


def gauges() -> dict[str, float]:
    return {
        sample.name + "".join(f"/{value}" for value in sample.labels.values()): sample.value
        for family in DriftCollector().collect()
        for sample in family.samples
    }


def test_one_baseline_is_active_and_every_change_has_its_row(operator: User) -> None:
    first, second = keep(), keep(usual_baseline(LEVELS[:5]))
    services.activate(first, operator, WHY)
    services.activate(second, operator, "  Five are enough ")
    first.refresh_from_db()
    assert (first.is_active, second.is_active) == (False, True)
    assert [(row.who_name, row.reason, row.baseline, row.replaces) for row in
            Activation.objects.all()] == [
        ("olga", "Five are enough", second, first), ("olga", WHY, first, None),
    ]  # fmt: skip
    with pytest.raises(AlreadyActive):
        services.activate(second, operator, WHY)
    with pytest.raises(ReasonNeeded):
        services.activate(first, operator, " ")
    with pytest.raises(IntegrityError), transaction.atomic():
        Baseline.objects.filter(pk=first.pk).update(is_active=True)


def test_rows_of_the_log_are_never_changed(operator: User) -> None:
    row = services.activate(keep(), operator, WHY)
    for change in (row.save, row.delete, Activation.objects.all().delete):
        with pytest.raises(Unchangeable):
            change()


def test_who_may_activate(visitor: User) -> None:
    with pytest.raises(RightMissing):
        services.activate(keep(), visitor, WHY)
    assert not Baseline.objects.filter(is_active=True).exists()


def test_the_same_content_is_one_version() -> None:
    assert keep() == keep()
    assert Baseline.objects.count() == 1


def test_a_baseline_of_another_version_is_no_alarm(active: Baseline) -> None:
    Baseline.objects.update(document={"schema": "scene3d.baseline/1"})
    found = score_photos(uuid4(), photos_of(5.0))
    assert (found.status, found.words) == (
        "unknown", "The baseline is of another version of this software.",
    )  # fmt: skip
    run_jobs([5.0] * 20)
    assert current_state().status == "unknown"
    other = keep()
    Baseline.objects.filter(pk=other.pk).update(document={})
    other.refresh_from_db()
    with pytest.raises(BaselineOutdated):
        services.activate(other, services.SHELL, WHY)


def test_an_upload_is_kept_once_with_its_verdict(active: Baseline) -> None:
    job_id = uuid4()
    assert upload_verdict(job_id) is None
    assert score_photos(job_id, photos_of(10.0, first=4)) == (
        found := score_photos(job_id, photos_of(10.0, first=4))
    )
    assert upload_verdict(job_id) == found
    upload = Upload.objects.get()
    assert (upload.status, upload.baseline, upload.num_photos) == ("critical", active, 3)
    assert upload.measures["index"] == [4, 5, 6]
    assert upload.medians["brightness"] == 11


@pytest.mark.parametrize(("blocks", "level", "is_refused"), [
    ("never", 10.0, False), ("critical", 10.0, True), ("critical", 110.0, False),
])  # fmt: skip
def test_photos_are_refused_only_where_the_operator_says_so(
    active: Baseline, settings: Any, blocks: str, level: float, *, is_refused: bool
) -> None:
    settings.DRIFT_BLOCKS = blocks
    found = score_photos(uuid4(), photos_of(level))
    if not is_refused:
        refuse_if_told(found)
        return
    with pytest.raises(DriftBlocked, match="Darker than 99 %") as caught:
        refuse_if_told(found)
    assert caught.value.code == "drift_blocked"
    assert [row["index"] for row in caught.value.evidence["photos"]] == [0, 1, 2]


def test_a_job_counts_once_however_often_it_ends() -> None:
    job_id = uuid4()
    record_outcome(job_id, None)
    record_outcome(job_id, report())
    outcome = Outcome.objects.get()
    assert outcome.values == {
        "failure_ratio": 0, "registration_ratio": 0.75, "points_per_photo": 100,
        "seconds_per_photo": 5, "reprojection_error_px": 0.5, "track_length": 3,
    }  # fmt: skip
    assert outcome.result == {"num_keypoints": 2000, "verified_ratio": 0.5}


def test_drift_is_seen_named_and_over(active: Baseline) -> None:
    run_jobs(LEVELS * 2)
    assert current_state().status == "ok"
    assert gauges()["scene3d_drift_verdict/brightness"] == 0
    dark = [0.5 * level for level in LEVELS]
    run_jobs(dark * 3)
    state = current_state()
    assert state.status == "critical"
    assert "brightness" in state.alerting_features
    assert state.words.startswith(("Darker than usual", "Higher in contrast than usual"))
    found = gauges()
    assert found["scene3d_drift_status"] == found["scene3d_drift_verdict/brightness"] == 2
    assert found["scene3d_drift_z/brightness"] < -3
    assert found["scene3d_drift_effect/brightness"] > 1.5
    assert found["scene3d_drift_mmd"] > 0.1
    assert found["scene3d_drift_window_jobs"] == 20
    assert found["scene3d_outcome/failure_ratio"] == 0
    assert found[f"scene3d_drift_baseline_info/{active.content_version}"] == 1
    behind = jobs_behind("brightness", 3)
    medians = Upload.objects.filter(job_id__in=behind).values_list("medians", flat=True)
    assert max(told["brightness"] for told in medians) <= 52
    run_jobs(LEVELS * 2)
    state = current_state()
    assert (state.status, state.alerting_features) == ("ok", [])
    assert gauges()["scene3d_drift_status"] == 0
    values = [value for _, value in trend("brightness", 10)]
    assert (len(values), min(values) < 70, values[-1] > 100) == (7, True, True)


def test_windows_are_made_once_by_any_number_of_workers(active: Baseline) -> None:
    for level in LEVELS * 2:
        run_job(level)
    assert [window.num_jobs for window in look_at_windows()] == [10, 20]
    assert look_at_windows() == []
    assert Window.objects.count() == 2


def test_failures_make_the_service_worse(active: Baseline) -> None:
    run_jobs(LEVELS * 3)
    for number, level in enumerate(LEVELS * 3):
        run_job(level, succeeds=number % 5 == 0)
        look_at_windows()
    state = current_state()
    assert state.performance == "warning"
    assert gauges()["scene3d_performance_status"] == 1
    assert gauges()["scene3d_outcome/failure_ratio"] == 0.8


def test_a_thumb_that_comes_late_counts(active: Baseline) -> None:
    jobs = [run_job(level) for level in LEVELS]
    look_at_windows()
    assert "scene3d_outcome/satisfaction" not in gauges()
    record_satisfaction(jobs[0], 1.0)
    record_satisfaction(jobs[1], 0.0)
    assert gauges()["scene3d_outcome/satisfaction"] == 0.5
    record_satisfaction(jobs[1], None)
    assert gauges()["scene3d_outcome/satisfaction"] == 1


def test_without_anything_every_gauge_is_quiet() -> None:
    found = gauges()
    assert found["scene3d_drift_status"] == found["scene3d_performance_status"] == 0
    assert found["scene3d_drift_baseline_info/none"] == 1
    assert current_state().status == "unknown"
    assert (trend("brightness", 5), jobs_behind("brightness")) == ([], [])


def test_without_a_database_there_are_no_numbers_and_no_error() -> None:
    def away(*_: Any) -> Any:
        raise DatabaseError("the database is away")

    with connection.execute_wrapper(away):
        assert list(DriftCollector().collect()) == []


def test_a_baseline_of_jobs_has_what_their_results_told() -> None:
    jobs = [run_job(level) for level in LEVELS]
    document = baseline_of_jobs(last_jobs(8))
    assert last_jobs(8) == jobs[2:]
    assert len(document.scenes) == 8
    assert document.scenes[0]["num_keypoints"] == 2000
    assert document.features["brightness"].n == 24


def test_the_admin_activates_with_a_reason_and_compares(operator: User, active: Baseline) -> None:
    client = Client()
    client.force_login(operator)
    other = keep()
    page = Page(client.get(reverse("admin:drift_baseline_change", args=[other.pk])))
    assert page.status == 200
    assert len(page.all("svg", class_="drift-plot")) == 7
    address = reverse("admin:drift_baseline_activate", args=[other.pk])
    assert client.get(address).status_code == 200
    assert client.post(address, {"reason": WHY}).status_code == 302
    assert Activation.objects.first().reason == WHY  # type: ignore[union-attr]
    compared = Page(client.get(reverse("admin:drift_baseline_compare", args=[1, other.pk])))
    assert len(compared.all("rect", class_="drift-plot__bar")) > 20
    run_jobs(LEVELS)
    window = Window.objects.get()
    assert Page(client.get(reverse("admin:drift_window_change", args=[window.pk]))).status == 200
    for model in ("baseline", "activation", "window"):
        assert client.get(reverse(f"admin:drift_{model}_changelist")).status_code == 200
        assert client.get(reverse(f"admin:drift_{model}_add")).status_code == 403


def test_the_api_is_the_operators(operator: User, visitor: User, active: Baseline) -> None:
    api = APIClient()
    assert api.get("/api/v1/drift/").status_code == 401
    api.force_authenticate(User.objects.create_user("nobody"))
    assert api.get("/api/v1/baselines/").status_code == 404
    api.force_authenticate(visitor)
    assert api.get("/api/v1/baselines/").status_code == 403
    api.force_authenticate(operator)
    other = keep()
    listed = api.get("/api/v1/baselines/").json()["results"]
    assert [row["is_active"] for row in listed] == [False, True]
    address = f"/api/v1/baselines/{other.pk}/"
    assert api.get(address).json()["document"]["schema"] == "scene3d.baseline/2"
    assert api.post(f"{address}activate/", {"reason": " "}, format="json").status_code == 400
    assert (
        api.post(f"{address}activate/", {"reason": WHY}, format="json").json()["is_active"] is True
    )
    again = api.post(f"{address}activate/", {"reason": WHY}, format="json")
    assert (again.status_code, again.json()["code"]) == (409, "baseline_active")
    state = api.get("/api/v1/drift/").json()
    assert (state["status"], state["baseline"]) == ("unknown", other.content_version)
    assert [row["feature"] for row in state["outcomes"]][-1] == "satisfaction"
