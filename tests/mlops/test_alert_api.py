"""Alertmanager's door: who comes in, what is taken, and ten at once."""

import json
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.db import connection
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from rest_framework.test import APIClient

from accounts.models import User
from mlops.alert_messages import MAX_BYTES, NotificationMalformed, parse_notification
from mlops.models import Alert, AlertEvent, AlertGroup, Experiment
from tests.mlops.experiments import SPEC, data_folder
from tests.mlops.notifications import alert, body, notification
from tests.mlops.people import operator, own_data_dir, staff, stranger

__all__ = ["operator", "own_data_dir", "staff", "stranger"]
ADDRESS = "/api/v1/alerts/"
TOKEN = "what-alertmanager-knows"


@pytest.fixture(autouse=True)
def taken(settings: Any, tmp_path: Path) -> None:
    settings.ALERTS_TOKEN = TOKEN
    settings.ALERT_SPECS = tmp_path
    (tmp_path / "InputBrightnessDrift.yaml").write_text(yaml.safe_dump(SPEC))
    settings.TRAIN_DATA = str(data_folder(tmp_path / "photos"))


def post(content: bytes, authorization: str | None = f"Bearer {TOKEN}", **extra: Any) -> Any:
    headers = {"Authorization": authorization} if authorization is not None else {}
    values = {"content_type": "application/json", "headers": headers} | extra
    return Client(raise_request_exception=False).post(ADDRESS, content, **values)


def nothing_is_recorded() -> bool:
    return not (Alert.objects.exists() or AlertGroup.objects.exists())


@pytest.mark.django_db
def test_what_alertmanager_sends_is_taken() -> None:
    response = post(body())
    experiment = Experiment.objects.get()
    assert (response.status_code, response.json()) == (
        200, {"num_alerts": 1, "experiment": str(experiment.pk)},
    )  # fmt: skip
    assert post(body()).json() == {"num_alerts": 1, "experiment": None}


@pytest.mark.django_db
@pytest.mark.parametrize(
    "authorization",
    [None, "", "Bearer", "Bearer ", "Bearer wrong", f"Basic {TOKEN}", TOKEN, f"Bearer {TOKEN}x",
     f"Bearer {TOKEN[:-1]}", "Bearer \u00e5"],
)  # fmt: skip
def test_forged_alerts(authorization: str | None) -> None:
    response = post(body(), authorization)
    assert (response.status_code, response["Content-Type"]) == (401, "application/problem+json")
    assert (response.json()["code"], response["WWW-Authenticate"]) == (
        "alert_token_wrong",
        "Bearer",
    )
    assert nothing_is_recorded()


@pytest.mark.django_db
def test_people_do_not_post_alerts(staff: User) -> None:
    client = Client()
    client.force_login(staff)
    assert client.post(ADDRESS, body(), content_type="application/json").status_code == 401
    assert nothing_is_recorded()


@pytest.mark.django_db
@pytest.mark.parametrize("token", [None, ""])
def test_without_a_token_the_door_is_shut(settings: Any, token: str | None) -> None:
    settings.ALERTS_TOKEN = token
    for authorization in (None, "Bearer ", "Bearer None", f"Bearer {TOKEN}"):
        response = post(body(), authorization)
        assert (response.status_code, response.json()["code"]) == (503, "alerts_not_configured")
    assert nothing_is_recorded()


def without(key: str) -> dict[str, Any]:
    return {name: value for name, value in notification().items() if name != key}


MALFORMED: dict[str, Any] = {
    "empty": b"",
    "not json": b"alert=x",
    "not utf-8": b'{"version": "\xff"}',
    "a list": b"[]",
    "null": b"null",
    "deep": b"[" * 5000,
    "version 3": notification(version="3"),
    "version as a number": notification(version=4),
    "no group": without("groupKey"),
    "an empty group": notification(group=""),
    "a long group": notification(group="x" * 1025),
    "no alerts": notification([]),
    "alerts are no list": notification() | {"alerts": {"0": alert()}},
    "too many": notification([alert()] * 101),
    "unknown status": notification([alert(status="smoking")]),
    "no fingerprint": notification([alert(fingerprint="")]),
    "a path as fingerprint": notification([alert(fingerprint="../../x")]),
    "a fingerprint and a line": notification([alert(fingerprint="00ff\n")]),
    "no name": notification([alert(labels={"severity": "x"})]),
    "a long name": notification([alert("x" * 201)]),
    "a label that is no text": notification([alert(labels={"alertname": "x", "a": 1})]),
    "NUL": notification([alert(labels={"alertname": "x", "a": "\0"})]),
    "NUL in a group": notification(group="a\0"),
    "no time": notification([alert(startsAt="yesterday")]),
    "no zone": notification([alert(startsAt="2026-05-01T12:00:00")]),
    "half a pair": b'{"version": "4", "groupKey": "\\ud800"}',
}


@pytest.mark.django_db
@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_ones(name: str) -> None:
    content = MALFORMED[name]
    response = post(content if isinstance(content, bytes) else json.dumps(content).encode())
    assert (response.status_code, response["Content-Type"]) == (400, "application/problem+json")
    assert response.json()["code"] == "notification_malformed"
    assert nothing_is_recorded()


@pytest.mark.django_db
def test_keys_of_a_later_alertmanager_are_passed_over() -> None:
    content = notification([alert(notificationReason="new")], notificationReason={"a": [1]})
    assert post(json.dumps(content).encode()).status_code == 200


@pytest.mark.django_db
def test_other_content_types_and_methods(staff: User) -> None:
    assert post(body(), content_type="text/plain").status_code == 415
    client = Client()
    client.force_login(staff)
    assert client.put(ADDRESS).status_code == 405
    assert nothing_is_recorded()


@pytest.mark.django_db
def test_the_body_has_a_limit() -> None:
    most = [alert(annotations={"summary": "x" * 9000}, fingerprint=f"{n:x}") for n in range(25)]
    assert MAX_BYTES / 2 < len(body(*most)) < MAX_BYTES
    assert post(body(*most)).status_code == 200
    response = post(body(alert(annotations={"summary": "x" * MAX_BYTES})))
    assert (response.status_code, response.json()["code"]) == (413, "notification_too_large")
    assert Alert.objects.count() == 25


@hypothesis_settings(max_examples=50, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text() | st.integers(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    ),
    st.sampled_from([*notification(), *alert()]),
)
def test_whatever_is_sent_is_a_notification_or_malformed(value: Any, key: str) -> None:
    content = notification()
    place = content if key in content else content["alerts"][0]
    place[key] = value
    for sent in (json.dumps(content), json.dumps(value)):
        with suppress(NotificationMalformed):
            parse_notification(sent.encode(errors="surrogatepass"))


@pytest.mark.django_db(transaction=True)
def test_ten_at_once_start_one() -> None:
    """On the real database: whoever wins the group's row starts it."""
    at_once = threading.Barrier(10)
    statuses: list[int] = []

    def send() -> None:
        at_once.wait()
        try:
            statuses.append(post(body(alert(), alert("FeatureDriftDetected"))).status_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 10
    experiment = Experiment.objects.get()
    assert Alert.objects.count() == 2
    for row in Alert.objects.all():
        assert (row.experiment, row.num_notifications) == (experiment, 10)
        assert AlertEvent.objects.filter(alert=row, kind="fired").count() == 1
        assert AlertEvent.objects.filter(alert=row, kind="answered").count() == 1


# ------------------------------------------------------------------------------- people


def api_of(user: User | None) -> APIClient:
    client = APIClient(raise_request_exception=False)
    if user is not None:
        client.force_authenticate(user)
    return client


@pytest.mark.django_db
def test_people_look_at_alerts_and_act(staff: User, operator: User) -> None:
    post(body(alert("DiskWillFill")))
    post(body())
    post(body(alert("Watchdog"), group="w"))
    rows = api_of(operator).get(ADDRESS).json()["results"]
    assert api_of(staff).get(ADDRESS).json()["results"] == rows
    assert [row["name"] for row in rows] == ["InputBrightnessDrift", "DiskWillFill"]
    first = rows[0]
    assert (first["state"], first["num_notifications"]) == ("firing", 1)
    assert [event["kind"] for event in first["events"]] == ["fired", "answered"]
    assert api_of(staff).get(f"{ADDRESS}?name=DiskWillFill").json()["results"] == [rows[1]]
    shown = api_of(staff).get(first["url"]).json()
    assert shown["experiment"] == str(Experiment.objects.get().pk)

    api, path = api_of(operator), f"{ADDRESS}{rows[1]['id']}/"
    assert api.post(f"{path}acknowledge/").json()["acknowledged_at"]
    silenced = api.post(
        f"{path}silence/", {"hours": 2, "reason": "A new disk comes."}, format="json"
    )
    assert silenced.json()["events"][-1]["who"] == "oscar"
    assert api.post(f"{path}lift-silence/").json()["events"][-1]["kind"] == "silence_lifted"
    assert (
        api.post(f"{path}silence/", {"hours": 1e9, "reason": "x"}, format="json").status_code == 400
    )
    assert api.post(f"{path}silence/", {"hours": 1}, format="json").status_code == 400
    assert api.post(f"{path}start/").json()["code"] == "alert_has_no_experiment"
    started = api.post(f"{ADDRESS}{first['id']}/start/")
    assert (started.status_code, started.json()["trigger"]) == (202, "alert")
    assert started["Location"] == started.json()["url"]


@pytest.mark.django_db
def test_for_others_there_are_no_alerts(stranger: User) -> None:
    post(body())
    path = f"{ADDRESS}{Alert.objects.get().pk}/"
    for user, status in ((stranger, 404), (None, 401)):
        client = api_of(user)
        assert client.get(ADDRESS).status_code == status
        assert client.get(path).status_code == status
        for act in ("acknowledge", "silence", "lift-silence", "start"):
            assert client.post(f"{path}{act}/").status_code == status
    assert AlertEvent.objects.count() == 2
