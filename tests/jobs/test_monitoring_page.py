"""The monitoring page: the state in one glance, whatever runs and whatever is known."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from redis.exceptions import ConnectionError as BrokerAway

from accounts.models import User
from jobs import monitoring
from jobs.drift_view import DriftState, OddFeature
from jobs.models import Job
from jobs.states import JobState
from jobs.trends import trends
from jobs.worker_models import Worker
from mlops import alerts
from mlops.alert_messages import parse_notification
from mlops.models import Alert
from mlops.public import alerts_now
from tests.jobs.builders import make_done, make_in_state, make_job
from tests.jobs.pages import Page
from tests.mlops.notifications import alert, body, resolved

ADDRESS = "/monitoring/"
ABLE = {"presets": {"quick": True}}


@pytest.fixture
def staff(db: None) -> User:
    return User.objects.create_user("sara", is_staff=True)


@pytest.fixture(autouse=True)
def broker_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """As far as this page is concerned; test_health has a real one that does not."""
    monkeypatch.setattr(monitoring, "ping", lambda: None)


def page_of(user: User, address: str = ADDRESS) -> Page:
    client = Client()
    client.force_login(user)
    response = client.get(address)
    assert response.status_code == 200
    return Page(response)


def tiles(drift: DriftState | None = None, **ago: timedelta) -> dict[str, tuple[str, str]]:
    """Level and value by title."""
    heard = timezone.now() - ago["heard"] if "heard" in ago else None
    now = replace(alerts_now(), last_heard_at=heard)
    rows = monitoring.tiles(drift or DriftState(), now)
    return {row.title: (row.level, row.value) for row in rows}


def receive(*rows: Any, **changes: Any) -> None:
    alerts.receive(parse_notification(body(*rows, **changes)))


# ------------------------------------------------------------------------ who sees it


def test_staff_see_it_and_others_do_not(staff: User, alice: User) -> None:
    assert "Monitoring" in page_of(staff).text
    client = Client()
    for address in (ADDRESS, f"{ADDRESS}trends.json", f"{ADDRESS}alerts/"):
        assert client.get(address).status_code == 302
    client.force_login(alice)
    for address in (ADDRESS, f"{ADDRESS}trends.json", f"{ADDRESS}alerts/"):
        assert client.get(address).status_code == 404
    links = [link["href"] for link in page_of(alice, "/jobs/").all("a")]
    assert ADDRESS not in links
    assert ADDRESS in [link["href"] for link in page_of(staff, "/jobs/").all("a")]


# -------------------------------------------------------------------------- the tiles


def test_a_new_server_is_in_order_but_for_its_worker(staff: User) -> None:
    found = tiles()
    assert found["Service"] == ("ok", "Answers")
    assert found["Workers"] == ("critical", "None")
    assert found["Queue"] == ("ok", "0 waiting")
    assert found["Photos"] == found["Results"] == found["Alerts"] == ("unknown", "–")
    text = page_of(staff).text
    assert "Look at: workers." in text
    assert "There have been none." in text
    assert "not set up; this page works without them" in text


def test_a_worker_that_is_ready(staff: User) -> None:
    Worker.objects.create(name="a", capabilities=ABLE, machine={"load": 0.42, "gpus": []})
    assert tiles()["Workers"] == ("ok", "1 ready")
    assert "Load 42%." in page_of(staff).text
    assert "Everything that is known is in order." in page_of(staff).text


def test_the_broker_is_away(staff: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> None:
        raise BrokerAway("away")

    monkeypatch.setattr(monitoring, "ping", away)
    assert tiles()["Service"] == ("critical", "No broker")
    assert "Look at: service, workers." in page_of(staff).text


@pytest.mark.parametrize(
    ("age_s", "is_busy", "level"), [(290, False, "ok"), (310, False, "warning"), (9999, True, "ok")]
)
def test_waiting_while_nobody_works(alice: User, *, age_s: int, is_busy: bool, level: str) -> None:
    make_job(alice, queued_at=timezone.now() - timedelta(seconds=age_s))
    if is_busy:
        make_in_state(alice, JobState.RUNNING)
    assert tiles()["Queue"] == (level, "1 waiting")


@pytest.mark.parametrize(("free", "level"), [(4, "critical"), (14, "warning"), (16, "ok")])
def test_the_disk(db: None, monkeypatch: pytest.MonkeyPatch, free: int, level: str) -> None:
    usage = type("Usage", (), {"free": free << 30, "total": 100 << 30})
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage)
    assert tiles()["Disk"] == (level, f"{free}.0\xa0GB free")


def test_whether_anybody_would_tell_of_an_alarm(db: None) -> None:
    assert tiles(heard=timedelta(minutes=14))["Alerts"] == ("ok", "0 firing")
    assert tiles(heard=timedelta(minutes=16))["Alerts"] == ("warning", "0 firing")


def test_alerts_that_nobody_knows_of_are_news(staff: User) -> None:
    heard = timedelta(minutes=1)
    critical = {"alertname": "ModelServerDown", "severity": "critical"}
    receive(alert("DiskWillFill"))
    assert tiles(heard=heard)["Alerts"] == ("warning", "1 firing")
    receive(alert("ModelServerDown", labels=critical))
    assert tiles(heard=heard)["Alerts"] == ("critical", "2 firing")
    assert "Look at: workers, alerts." in page_of(staff).text
    for row in Alert.objects.all():
        alerts.acknowledge(row, staff)
    assert tiles(heard=heard)["Alerts"] == ("ok", "2 firing")


def test_drift_is_shown_with_the_jobs_behind_it(
    staff: User, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = make_done(alice)
    dark = OddFeature(
        name="brightness",
        title="Brightness",
        level="critical",
        words="Darker than 98 % of the baseline.",
        jobs=[job.pk],
    )
    state = DriftState(photos="critical", photos_words="Photos are darker.", odd=[dark])
    assert tiles(state)["Photos"] == ("critical", "Changed")
    assert tiles(DriftState(results="warning"))["Results"] == ("warning", "Worse")
    monkeypatch.setattr("jobs.monitoring_view.drift_state", lambda: state)
    page = page_of(staff)
    assert "Darker than 98 % of the baseline." in page.text
    assert f"/admin/jobs/job/{job.pk}/change/" in [link["href"] for link in page.all("a")]


# -------------------------------------------------------------------------- the trends


def test_trends_are_of_jobs_in_order(alice: User) -> None:
    assert trends() == []
    start = timezone.now().replace(microsecond=0) - timedelta(hours=5)
    for number in range(3):
        job = make_done(alice, num_photos=4 + number)
        Job.objects.filter(pk=job.pk).update(
            queued_at=start + timedelta(hours=number),
            started_at=start + timedelta(hours=number, minutes=3),
            finished_at=start + timedelta(hours=number, minutes=3, seconds=40 * (4 + number)),
        )
    make_in_state(alice, JobState.FAILED)
    found = {trend["name"]: trend for trend in trends()}
    assert found["registered"]["values"] == [75, 80, pytest.approx(83.3333)]
    assert found["seconds"]["values"] == [40, 40, 40]
    assert found["waited"]["values"] == [3, 3, 3]
    assert sum(found["jobs"]["values"]) == 4
    times = found["registered"]["times"]
    assert times == sorted(times)
    assert times[0] == start.timestamp() + 180 + 160


def test_the_page_s_charts_are_drawn_from_them(staff: User, alice: User) -> None:
    make_done(alice)
    client = Client()
    client.force_login(staff)
    names = [trend["name"] for trend in client.get(f"{ADDRESS}trends.json").json()["trends"]]
    assert names == ["registered", "seconds", "waited", "jobs"]


# -------------------------------------------------------------------------- the alerts


def test_alerts_are_shown_and_looked_at(staff: User) -> None:
    receive(alert("DiskWillFill", annotations={"summary": "The disk <b>is</b> almost full."}))
    receive(resolved("PerformanceDecay", annotations={"summary": "Results are worse."}))
    receive(alert("Watchdog"), group="w")
    page = page_of(staff)
    assert "The disk <b>is</b> almost full." in page.text  # as text
    assert page.text.index("The disk") < page.text.index("Results are worse.")
    assert "Watchdog" not in page.text
    assert "In order" in page.text
    row = Alert.objects.get(name="DiskWillFill")
    shown = page_of(staff, f"{ADDRESS}alerts/{row.pk}/")
    assert "I know of it" in shown.text
    assert "Start its experiment" not in shown.text
    listed = page_of(staff, f"{ADDRESS}alerts/")
    assert "Results are worse." in listed.text


def test_buttons_of_an_alert(staff: User, alice: User, settings: Any) -> None:
    settings.TRAIN_DATA = "/nowhere"
    receive()
    row = Alert.objects.get()
    address = f"{ADDRESS}alerts/{row.pk}/"
    assert "No experiment was started. /nowhere is not there." in page_of(staff, address).text
    client = Client()
    client.force_login(staff)

    def press(action: str, **values: Any) -> str:
        response = client.post(f"{address}{action}/", values, follow=True)
        assert response.redirect_chain == [(address, 302)]
        return Page(response).text

    assert "sara" in press("acknowledge")
    assert "/nowhere is not there." in press("start")
    assert "There is no reason." in press("silence", hours=8)
    assert "30 days at most" in press("silence", hours=9999, reason="x")
    assert "For eight hours" in press("silence", hours=8, reason="A night shoot.")
    assert "A night shoot." in page_of(staff, address).text
    assert "count again" in press("lift-silence")
    assert client.post(f"{address}explode/").status_code == 404
    client.force_login(alice)
    for action in ("acknowledge", "silence", "lift-silence", "start"):
        assert client.post(f"{address}{action}/").status_code == 404
    assert list(row.events.values_list("kind", flat=True)) == [
        "fired", "not_started", "acknowledged", "silenced", "silence_lifted",
    ]  # fmt: skip
