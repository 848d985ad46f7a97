"""Putting candidates into shadow and out again: who may, what the log says, what the page shows."""

from dataclasses import replace
from io import StringIO
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.urls import reverse

from accounts.models import User
from mlops import services, shadows
from mlops.errors import CandidateRefused, ReasonNeeded, RightMissing, ShadowUnchanged, StateForbids
from mlops.models import AuditEntry, Candidate, ShadowRun
from mlops.rules import SHELL
from mlops.shadows import Measures, ShadowResult
from tests.jobs.pages import Page
from tests.mlops.serving.builders import (
    REFUSED,
    TRIAL,
    WHY,
    everything,
    make_candidate,
    make_experiment,
    tuned,
)
from tests.mlops.serving.test_admin import act_path, buttons, client_of, page_of

pytestmark = pytest.mark.django_db

SERVED = Measures(
    registration=0.5,
    mean_error_px=0.8,
    num_points=1000,
    mean_track_length=3.5,
    seconds_per_photo=2.0,
)
JOB = UUID("0123456789abcdef0123456789abcdef")


def result(job: UUID = JOB, **changes: Any) -> ShadowResult:
    values: dict[str, Any] = {
        "job": job,
        "num_photos": 8,
        "challenger": replace(SERVED, registration=0.75),
        "served": SERVED,
        "challenger_fingerprint": "c" * 16,
        "served_fingerprint": "5" * 16,
    }
    return ShadowResult(**values | changes)


def in_shadow(**changes: Any) -> Candidate:
    candidate = make_candidate(**changes)
    services.switch_shadow(candidate, SHELL, WHY, is_on=True)
    return candidate


def test_on_and_off_leave_entries(olga: User) -> None:
    candidate = make_candidate()
    assert shadows.challengers() == []
    services.switch_shadow(candidate, olga, f" {WHY} ", is_on=True)
    assert (candidate.is_shadow, candidate.state) == (True, "waiting")
    assert shadows.challengers() == [candidate]
    services.switch_shadow(candidate, olga, "Enough.", is_on=False)
    assert (candidate.is_shadow, shadows.challengers()) == (False, [])
    entries = AuditEntry.objects.order_by("pk").values_list("act", "who_name", "reason")
    assert list(entries) == [("shadow", "olga", WHY), ("end_shadow", "olga", "Enough.")]


def test_what_is_refused(olga: User, ada: User, eve: User) -> None:
    candidate, refused = make_candidate(seed=1), make_candidate(seed=2, reasons=REFUSED)
    rejected = make_candidate(seed=3)
    services.reject(rejected, olga, WHY)
    before = everything()
    for who, row, is_on, reason, problem in (
        (eve, candidate, True, WHY, RightMissing),
        (ada, candidate, True, WHY, RightMissing),
        (olga, candidate, True, " ", ReasonNeeded),
        (olga, candidate, False, WHY, ShadowUnchanged),
        (olga, refused, True, WHY, CandidateRefused),
        (olga, rejected, True, WHY, StateForbids),
    ):
        with pytest.raises(problem):
            services.switch_shadow(row, who, reason, is_on=is_on)
    assert everything() == before
    services.switch_shadow(candidate, olga, WHY, is_on=True)
    with pytest.raises(ShadowUnchanged, match="already"):
        services.switch_shadow(candidate, olga, WHY, is_on=True)
    assert AuditEntry.objects.filter(act="shadow").count() == 1


def test_who_is_decided_on_is_no_challenger_any_more(olga: User) -> None:
    promoted, rejected = in_shadow(seed=1), in_shadow(seed=2)
    services.promote(promoted, olga, WHY)
    services.reject(rejected, olga, WHY)
    assert shadows.challengers() == []
    assert not shadows.is_challenger(promoted.pk)


def test_a_job_is_recorded_once(db: None) -> None:
    candidate = in_shadow()
    assert shadows.record_shadow(candidate, result())
    assert not shadows.record_shadow(candidate, result(challenger=None, error_code="native_crash"))
    run = ShadowRun.objects.get()
    assert (run.job, run.error_code, run.challenger["registration"]) == (JOB, "", 0.75)
    assert shadows.shadowed_jobs(candidate) == [JOB]
    assert shadows.record_shadow(in_shadow(seed=2), result())
    with pytest.raises(IntegrityError), transaction.atomic():
        ShadowRun.objects.create(candidate=candidate, job=JOB, num_photos=1, served={})


def test_options_that_change_begin_anew(db: None) -> None:
    """The same trial of the same experiment, told again."""
    experiment = make_experiment()
    candidate = in_shadow(experiment=experiment, seed=1)
    shadows.record_shadow(candidate, result())
    same = replace(TRIAL, trial=candidate.trial, options=tuned(seed=1))
    services.record_candidates(experiment, [same])
    assert ShadowRun.objects.count() == 1
    services.record_candidates(experiment, [replace(same, options=tuned(seed=9))])
    assert ShadowRun.objects.count() == 0


def test_the_buttons(olga: User) -> None:
    candidate = make_candidate()
    client = client_of(olga)
    form = Page(client.get(act_path(candidate, "shadow")))
    assert "its options run on photos of finished “standard” jobs" in form.text
    page = Page(client.post(act_path(candidate, "shadow"), {"reason": WHY}, follow=True))
    assert "The candidate is put into shadow." in page.text
    assert "Put into shadow by olga" in page.text
    assert "It runs in shadow: after hours" in page.text
    assert f"manage.py shadow --candidate {candidate.pk}" in page.text
    assert buttons(page) == ["promote", "reject", "end_shadow"]
    page = Page(client.post(act_path(candidate, "end_shadow"), {"reason": WHY}, follow=True))
    assert "The candidate is taken out of shadow." in page.text
    assert buttons(page) == ["promote", "reject", "shadow"]
    assert "In shadow, on jobs" not in page.text


def test_the_page_compares(olga: User, operator: User) -> None:
    candidate = in_shadow()
    shadows.record_shadow(candidate, result())
    shadows.record_shadow(candidate, result(uuid4(), challenger=None, error_code="native_crash"))
    page = page_of(operator, candidate)
    assert "Means over 2 jobs, of which the candidate failed on 1." in page.text
    assert "Photos placed 1 1 0 37.5 % 50.0 % -12.5 % worse" in page.text
    assert "Mean reprojection error 0 0 1 0.800 px 0.800 px 0.000 px equal" in page.text
    assert "01234567 8 75.0 % / 50.0 %" in page.text
    assert "failed: native_crash" in page.text
    link = reverse("admin:jobs_job_change", args=[JOB])
    assert page.one("a", href=link)
    assert page_of(olga, candidate).all("a", href=link) == []  # she may not see jobs


def test_by_command(olga: User, capsys: pytest.CaptureFixture[str]) -> None:
    pk = str(make_candidate(seed=4).pk)
    out = StringIO()
    call_command("switch_shadow", pk, "on", "--reason", WHY, "--user", "olga", stdout=out)
    call_command("switch_shadow", pk, "off", "--reason", "Enough.", stdout=out)
    assert out.getvalue().splitlines() == [
        "Nightly: standard-4 runs in shadow now.",
        "Nightly: standard-4 does not run in shadow now.",
    ]
    with pytest.raises(SystemExit) as ended:
        call_command("switch_shadow", "0", "on", "--reason", WHY)
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith("candidate_unknown: There is no candidate 0.")
