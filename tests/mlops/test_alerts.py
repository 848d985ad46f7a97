"""What a notification becomes: rows, at most one experiment, and a history."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.db.models import ProtectedError
from django.utils import timezone

from accounts.models import User
from mlops import alerts, lifecycle
from mlops.alert_errors import AlertHasNoExperiment, SilenceImpossible
from mlops.alert_history import caused_experiments, last_heard_at, open_alerts
from mlops.alert_messages import parse_notification
from mlops.append_only import Unchangeable
from mlops.errors import ReasonNeeded, RightMissing
from mlops.models import Alert, AlertEvent, AlertGroup, Experiment, Silence
from mlops.spec import read_spec
from scene3d.settings.env import BASE_DIR
from tests.mlops.experiments import SPEC, data_folder
from tests.mlops.notifications import alert, body, resolved
from tests.mlops.people import own_data_dir, staff, stranger

__all__ = ["own_data_dir", "staff", "stranger"]
pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def specs(settings: Any, tmp_path: Path) -> Path:
    """A spec for each alert that starts one, and labelled photos."""
    settings.ALERT_SPECS = tmp_path / "specs"
    settings.ALERT_SPECS.mkdir()
    for name in alerts.STARTERS:
        spec = yaml.safe_dump({**SPEC, "name": f"answer-{name}"})
        (settings.ALERT_SPECS / f"{name}.yaml").write_text(spec)
    settings.TRAIN_DATA = str(data_folder(tmp_path / "photos"))
    return tmp_path / "specs"


def receive(*rows: Any, **changes: Any) -> Experiment | None:
    return alerts.receive(parse_notification(body(*rows, **changes))).experiment


def history(row: Alert) -> list[str]:
    return list(row.events.values_list("kind", flat=True))


def let_pass(duration: timedelta) -> None:
    """As if groups had started what they started that much earlier."""
    for group in AlertGroup.objects.exclude(last_started_at=None):
        assert group.last_started_at is not None
        AlertGroup.objects.filter(pk=group.pk).update(
            last_started_at=group.last_started_at - duration
        )


# ---------------------------------------------------------------------- what is started


def test_drift_starts_the_experiment_that_answers_it(settings: Any) -> None:
    experiment = receive()
    assert experiment is not None
    assert (experiment.name, experiment.trigger) == ("answer-InputBrightnessDrift", "alert")
    assert (experiment.state, experiment.started_by) == ("queued", None)
    assert experiment.data == settings.TRAIN_DATA
    row = Alert.objects.get()
    assert (row.name, row.state, row.experiment) == ("InputBrightnessDrift", "firing", experiment)
    assert row.starts_at == datetime(2026, 5, 1, 12, 0, 0, 123456, UTC)
    assert (row.severity, row.summary) == ("warning", "InputBrightnessDrift it is.")
    assert history(row) == ["fired", "answered"]
    assert caused_experiments() == [experiment]


def test_ten_notifications_start_one() -> None:
    started = [receive() for _ in range(10)]
    assert started[0] is not None
    assert started[1:] == [None] * 9
    assert Experiment.objects.count() == Alert.objects.count() == 1
    row = Alert.objects.get()
    assert row.num_notifications == 10
    assert history(row) == ["fired", "answered"]


def test_of_several_the_one_that_says_most_is_answered_and_the_others_with_it() -> None:
    experiment = receive(alert("FeatureDriftDetected"), alert("PerformanceDecay"), alert())
    assert experiment is not None
    assert experiment.name == "answer-InputBrightnessDrift"
    assert set(Alert.objects.values_list("experiment", flat=True)) == {experiment.pk}


def test_within_the_hour_a_group_starts_nothing_else() -> None:
    first = receive()
    let_pass(HOUR - timedelta(seconds=5))
    assert receive(alert("FeatureDriftDetected")) is None
    assert receive(alert("PerformanceDecay"), alert()) is None
    assert Experiment.objects.count() == 1
    assert [row.experiment for row in Alert.objects.all()] == [first] * 3
    let_pass(timedelta(seconds=6))
    second = receive(alert("InputContrastDrift"))
    assert second is not None
    assert second != first


def test_another_group_has_an_hour_of_its_own() -> None:
    assert receive() is not None
    assert receive(alert("PerformanceDecay"), group="{}:{other}") is not None
    assert Experiment.objects.count() == 2


def test_an_answered_alert_that_goes_on_for_days_is_not_answered_again() -> None:
    first = receive()
    for _ in range(5):
        let_pass(timedelta(hours=7))
        assert receive() is None
    assert list(Experiment.objects.all()) == [first]


def test_it_fires_again_on_another_day() -> None:
    first = receive()
    assert first is not None
    lease = lifecycle.claim(first.pk)
    assert lease is not None
    assert lifecycle.finish(lease, evaluation={}, decision={})
    receive(resolved())
    let_pass(timedelta(days=1))
    second = receive(alert(startsAt="2026-05-02T12:00:00Z"))
    assert second is not None
    assert second != first
    assert [row.state for row in Alert.objects.order_by("starts_at")] == ["resolved", "firing"]


@pytest.mark.parametrize("name", ["DiskWillFill", "Watchdog", "../../etc/passwd", "Å" * 200])
def test_other_alerts_are_recorded_and_start_nothing(name: str) -> None:
    assert receive(alert(name)) is None
    row = Alert.objects.get()
    assert (row.name, row.experiment, row.not_started) == (name, None, "")
    assert not Experiment.objects.exists()


def test_the_watchdog_is_heard_but_no_news() -> None:
    assert last_heard_at() is None
    receive(alert("Watchdog"))
    assert list(open_alerts()) == []
    heard = last_heard_at()
    assert heard is not None
    assert timezone.now() - heard < timedelta(seconds=20)


# ------------------------------------------------------------------ why nothing is started


def test_without_data_the_alert_says_why(settings: Any) -> None:
    photos, settings.TRAIN_DATA = settings.TRAIN_DATA, "/nowhere/at/all"
    for _ in range(3):
        assert receive() is None
    row = Alert.objects.get()
    assert row.not_started.startswith("/nowhere/at/all is not there.")
    assert history(row) == ["fired", "not_started"]
    assert not Experiment.objects.exists()
    settings.TRAIN_DATA = photos  # the hour is not used up
    assert receive() is not None
    row.refresh_from_db()
    assert (row.not_started, history(row)[-1]) == ("", "answered")


@pytest.mark.parametrize("text", [None, "name: [", "name: x\nunknown: 1\n", "a: &a [*a]"])
def test_a_spec_that_is_none(specs: Path, text: str | None) -> None:
    path = specs / "InputBrightnessDrift.yaml"
    path.unlink() if text is None else path.write_text(text)
    assert receive() is None
    assert Alert.objects.get().not_started
    assert not Experiment.objects.exists()


# ------------------------------------------------------------------------------ the end


def test_resolved_closes_it_and_leaves_the_experiment() -> None:
    experiment = receive()
    assert receive(resolved()) is None
    row = Alert.objects.get()
    assert (row.state, row.experiment) == ("resolved", experiment)
    assert row.resolved_at == datetime(2026, 5, 1, 12, 30, 0, 500000, UTC)
    assert history(row) == ["fired", "answered", "resolved"]
    assert list(open_alerts()) == []
    receive(resolved())
    assert history(row) == ["fired", "answered", "resolved"]


def test_told_only_of_the_end() -> None:
    receive(resolved())
    row = Alert.objects.get()
    assert (row.state, history(row)) == ("resolved", ["fired", "resolved"])
    assert not Experiment.objects.exists()


def test_told_anew_after_the_end_it_is_open_again() -> None:
    receive()
    receive(resolved())
    assert receive() is None
    row = Alert.objects.get()
    assert (row.state, row.resolved_at) == ("firing", None)
    assert history(row) == ["fired", "answered", "resolved", "fired"]


# ------------------------------------------------------------------------------- people


def test_acknowledged_once(staff: User) -> None:
    receive(alert("DiskWillFill"))
    row = Alert.objects.get()
    alerts.acknowledge(row, staff)
    first = row.acknowledged_at
    alerts.acknowledge(row, staff)
    assert row.acknowledged_at == first is not None
    event = AlertEvent.objects.get(kind="acknowledged")
    assert (event.who, event.who_name) == (staff, "sara")


def test_silenced_it_starts_nothing_until_the_silence_ends(staff: User) -> None:
    receive(alert("InputBrightnessDrift", startsAt="2026-04-01T12:00:00Z", status="resolved"))
    earlier = Alert.objects.get()
    made = alerts.silence(earlier, staff, duration=2 * HOUR, reason=" A night shoot. ")
    assert (made.reason, made.who_name) == ("A night shoot.", "sara")
    assert receive() is None
    row = Alert.objects.exclude(pk=earlier.pk).get()
    assert row.not_started == "Silenced by sara: A night shoot."
    other = receive(alert("PerformanceDecay"))
    assert other is not None  # only what is silenced is
    let_pass(2 * HOUR)
    Silence.objects.update(until=timezone.now())
    assert receive() is not None


def test_a_lifted_silence_holds_no_more(staff: User) -> None:
    receive(alert("InputBrightnessDrift", status="resolved"))
    row = Alert.objects.get()
    alerts.silence(row, staff, duration=HOUR, reason="x")
    alerts.lift_silence(row, staff)
    alerts.lift_silence(row, staff)
    assert history(row)[-2:] == ["silenced", "silence_lifted"]
    assert receive(alert(startsAt="2026-05-03T12:00:00Z")) is not None


def test_silences_that_cannot_be(staff: User) -> None:
    receive(alert("DiskWillFill"))
    row = Alert.objects.get()
    for duration in (timedelta(0), timedelta(seconds=-1), timedelta(days=30, seconds=1)):
        with pytest.raises(SilenceImpossible):
            alerts.silence(row, staff, duration=duration, reason="x")
    with pytest.raises(ReasonNeeded):
        alerts.silence(row, staff, duration=HOUR, reason="  ")
    assert not Silence.objects.exists()


def test_a_person_starts_the_same_by_hand(staff: User, settings: Any) -> None:
    photos, settings.TRAIN_DATA = settings.TRAIN_DATA, "/nowhere"
    receive()
    settings.TRAIN_DATA = photos
    row = Alert.objects.get()
    experiment = alerts.start(row, staff)
    assert (experiment.trigger, experiment.started_by) == ("alert", staff)
    assert (row.experiment, row.not_started) == (experiment, "")
    assert AlertEvent.objects.get(kind="answered").who == staff
    assert receive(alert("PerformanceDecay")) is None  # the group's hour is used
    assert Experiment.objects.count() == 1
    receive(alert("DiskWillFill"))
    with pytest.raises(AlertHasNoExperiment):
        alerts.start(Alert.objects.get(name="DiskWillFill"), staff)


def test_who_may_not(stranger: User) -> None:
    receive(alert("DiskWillFill"))
    row = Alert.objects.get()
    for act in (
        lambda: alerts.acknowledge(row, stranger),
        lambda: alerts.silence(row, stranger, duration=HOUR, reason="x"),
        lambda: alerts.lift_silence(row, stranger),
        lambda: alerts.start(row, stranger),
    ):
        with pytest.raises(RightMissing):
            act()
    assert history(row) == ["fired"]


def test_history_is_only_added_to(staff: User) -> None:
    receive()
    event = AlertEvent.objects.first()
    assert event is not None
    event.words = "Nothing happened."
    with pytest.raises(Unchangeable):
        event.save()
    with pytest.raises(Unchangeable):
        AlertEvent.objects.all().delete()
    with pytest.raises(ProtectedError):
        Alert.objects.get().delete()


# ------------------------------------------------------------------------ what is shipped


@pytest.mark.parametrize("name", alerts.STARTERS)
def test_the_shipped_specs_are_specs(name: str) -> None:
    spec = read_spec(BASE_DIR / "mlops" / "specs" / f"{name}.yaml")
    assert len(spec.trials.plans()) >= 2
    assert spec.name.startswith("answer-")
