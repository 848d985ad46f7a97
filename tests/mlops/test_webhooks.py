"""Outgoing webhooks: told with what happened, signed, tried again, and never lost."""

import json
import socket
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings as django_settings
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from rq import Queue
from rq.serializers import JSONSerializer

from accounts.models import User
from mlops import lifecycle, services, tasks, webhooks
from mlops.models import Experiment, WebhookDelivery
from mlops.states import DeliveryState, WebhookEvent
from tests.jobs.broker import broker, valkey_socket
from tests.mlops import experiments
from tests.mlops.people import own_data_dir, staff, stranger
from tests.mlops.serving.builders import WHY, make_candidate, person
from tests.receiver import SECRET, Receiver, receiving

__all__ = ["broker", "own_data_dir", "staff", "stranger", "valkey_socket"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    """Whom the operator has named."""
    with receiving() as receiver:
        settings.WEBHOOK_URL, settings.WEBHOOK_SECRET = receiver.url, SECRET
        settings.WEBHOOK_ALLOW_PRIVATE = True
        yield receiver


def a_message(**data: Any) -> WebhookDelivery:
    with transaction.atomic():
        webhooks.record(WebhookEvent.EXPERIMENT_DONE, data)
    return WebhookDelivery.objects.get()


def passed(pause: timedelta) -> None:
    """As if so much time had gone by."""
    for row in WebhookDelivery.objects.all():
        row.next_attempt_at -= pause
        row.save()


def told() -> list[str]:
    rows = WebhookDelivery.objects.order_by("created_at")
    return list(rows.values_list("event", flat=True))


def test_without_an_address_nothing_is_told() -> None:
    experiments.done()
    assert told() == []


def test_what_happens_to_an_experiment_is_told(receiver: Receiver) -> None:
    experiment = experiments.done(score=71.5)
    webhooks.deliver_due()
    started, done = receiver.messages
    assert (started["type"], done["type"]) == ("experiment.started", "experiment.done")
    assert started["data"]["state"] == "running"
    assert done["data"]["id"] == str(experiment.pk)
    assert done["data"]["path"] == f"/experiments/{experiment.pk}/"
    assert (done["data"]["name"], done["data"]["best"]) == ("Larger photos", experiments.GOOD)
    assert done["data"]["trials"] == [
        {"trial": "champion", "score": 70.0, "passed": None},
        {"trial": experiments.GOOD, "score": 71.5, "passed": True},
        {"trial": experiments.BAD, "score": 62.0, "passed": False},
    ]
    age = timezone.now() - datetime.fromisoformat(done["timestamp"])
    assert timedelta() < age < timedelta(minutes=1)
    assert set(WebhookDelivery.objects.values_list("state", flat=True)) == {"delivered"}
    webhooks.deliver_due()
    assert len(receiver.ids) == 2


@pytest.mark.parametrize("end", ["failed", "errored", "cancelled", "never begun"])
def test_every_other_end_is_a_failure(receiver: Receiver, end: str) -> None:
    experiment = experiments.waiting()
    if end == "never begun":
        lifecycle.request_cancel(experiment.pk)
        assert told() == ["experiment.failed"]
        return
    lease = experiments.running(experiment, until="validate")
    if end == "failed":
        lifecycle.fail(lease, code="data_missing", message="No photos.", next_step="Bring some.")
    elif end == "errored":
        lifecycle.mark_errored(lease, code="internal_error", message="Oh.", traceback="/secret")
    else:
        lifecycle.mark_cancelled(lease)
    assert told() == ["experiment.started", "experiment.failed"]
    row = WebhookDelivery.objects.get(event="experiment.failed")
    assert row.payload["data"]["state"] == end
    assert "/secret" not in json.dumps(row.payload)
    if end == "failed":
        assert row.payload["data"]["error"] == {
            "code": "data_missing",
            "message": "No photos.",
            "next_step": "Bring some.",
        }


def test_a_lost_lease_tells_nothing(receiver: Receiver) -> None:
    lease = experiments.running(experiments.waiting(), until="validate")
    Experiment.objects.update(attempt=2)
    assert not lifecycle.mark_cancelled(lease)
    assert told() == ["experiment.started"]


def test_promotions_and_roll_backs_are_told(receiver: Receiver) -> None:
    candidate = make_candidate(seed=4, score=64.25)
    services.promote(candidate, "command line", WHY)
    services.roll_back(0, "command line", "Too slow.")
    assert told() == ["configuration.promoted", "configuration.rolled_back"]
    promoted, restored = WebhookDelivery.objects.order_by("created_at")
    data = promoted.payload["data"]
    assert (data["version"], data["by"], data["reason"]) == (1, "command line", WHY)
    assert (data["candidate"]["trial"], data["candidate"]["score"]) == ("standard-4", 64.25)
    assert data["candidate"]["experiment"]["id"] == str(candidate.experiment_id)
    assert restored.payload["data"]["restores"] == 0
    assert restored.payload["data"]["candidate"] is None


def test_what_is_taken_back_is_not_told(receiver: Receiver) -> None:
    with transaction.atomic():
        services.promote(make_candidate(), "command line", WHY)
        transaction.set_rollback(True)
    assert told() == []


def test_a_worker_is_told_after_the_commit_of_the_id_alone(
    receiver: Receiver, broker: Queue, django_capture_on_commit_callbacks: Any
) -> None:
    queue = Queue(
        django_settings.WEBHOOK_QUEUE, connection=broker.connection, serializer=JSONSerializer
    )
    with django_capture_on_commit_callbacks(execute=True):
        delivery = a_message(secret="no")
        assert queue.job_ids == []
    [entry] = queue.jobs
    assert (entry.func_name, list(entry.args)) == (webhooks.TASK, [str(delivery.pk)])
    entry.func(*entry.args)
    assert receiver.ids == [f"msg_{delivery.pk.hex}"]


def test_a_task_that_comes_twice_or_for_nothing_delivers_once(receiver: Receiver) -> None:
    delivery = a_message(n=1)
    for pk in (delivery.pk, delivery.pk, uuid4()):
        tasks.deliver_webhook(str(pk))
    assert len(receiver.ids) == 1
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts, delivery.last_status) == ("delivered", 1, 200)


def test_500_then_200_is_one_message_signed_afresh(receiver: Receiver) -> None:
    receiver.answers = [500]
    delivery = a_message(n=1)
    webhooks.deliver_due()
    delivery.refresh_from_db()
    assert (delivery.state, delivery.last_status) == ("waiting", 500)
    assert delivery.last_error == "The receiver answered with status 500."
    webhooks.deliver_due()
    passed(webhooks.PAUSES[0] - timedelta(seconds=2))
    webhooks.deliver_due()
    assert len(receiver.ids) == 1
    passed(timedelta(seconds=2))
    webhooks.deliver_due()
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts, delivery.last_error) == ("delivered", 2, "")
    assert receiver.ids[0] == receiver.ids[1]
    assert receiver.messages[0] == receiver.messages[1]


def test_a_redirect_is_a_failure(receiver: Receiver) -> None:
    receiver.answers = [307]
    delivery = a_message()
    webhooks.deliver_due()
    delivery.refresh_from_db()
    assert (delivery.state, delivery.last_status) == (DeliveryState.WAITING, 307)
    assert delivery.last_error.endswith("status 307; redirects are not followed.")
    assert receiver.paths == ["/hooks?to=scene3d"]


def test_a_receiver_that_has_gone_for_good_is_left_alone(receiver: Receiver) -> None:
    receiver.answers = [410]
    delivery = a_message()
    webhooks.deliver_due()
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts) == (DeliveryState.GIVEN_UP, 1)


def test_a_slow_receiver_costs_seconds(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "TIMEOUT_S", 0.2)
    receiver.silence_s = 0.6
    delivery = a_message()
    webhooks.deliver_due()
    delivery.refresh_from_db()
    assert (delivery.state, delivery.last_status) == (DeliveryState.WAITING, None)
    assert delivery.last_error == "127.0.0.1 did not answer within 0.2 s."


def test_a_dead_receiver_is_given_up_after_every_pause(receiver: Receiver, settings: Any) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        settings.WEBHOOK_URL = f"http://127.0.0.1:{held.getsockname()[1]}/token-in-a-path"
        delivery = a_message()
        for pause in webhooks.PAUSES:
            webhooks.deliver_due()
            delivery.refresh_from_db()
            assert delivery.state == DeliveryState.WAITING
            assert timedelta() < delivery.next_attempt_at - timezone.now() <= pause
            passed(pause)
        webhooks.deliver_due()
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts) == (DeliveryState.GIVEN_UP, 6)
    assert "Connection refused" in delivery.last_error
    assert "token-in-a-path" not in delivery.last_error


def test_an_attempt_that_was_killed_is_made_again(receiver: Receiver) -> None:
    delivery = a_message()
    assert webhooks._claim(delivery.pk) is not None  # and then the process is gone
    webhooks.deliver_due()
    assert receiver.ids == []
    passed(webhooks.LEASE)
    webhooks.deliver_due()
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts) == (DeliveryState.DELIVERED, 2)


def test_an_attempt_that_was_thought_dead_changes_nothing(receiver: Receiver) -> None:
    delivery = a_message()
    slow = webhooks._claim(delivery.pk)
    assert slow is not None
    passed(webhooks.LEASE)
    webhooks.deliver_due()
    webhooks._note(slow, webhooks._Outcome(status=500, words="Late."))
    delivery.refresh_from_db()
    assert (delivery.state, delivery.last_error) == (DeliveryState.DELIVERED, "")


def test_private_addresses_are_the_operator_s_decision(receiver: Receiver, settings: Any) -> None:
    settings.WEBHOOK_ALLOW_PRIVATE = False
    delivery = a_message()
    webhooks.deliver_due()
    delivery.refresh_from_db()
    assert "SCENE3D_WEBHOOK_ALLOW_PRIVATE=true allows it" in delivery.last_error
    assert receiver.ids == []


def test_old_messages_are_forgotten_once_they_are_over(receiver: Receiver) -> None:
    receiver.answers = [200, 500]
    for _ in range(2):
        webhooks.record(WebhookEvent.EXPERIMENT_DONE, {})
    webhooks.deliver_due()
    WebhookDelivery.objects.update(created_at=timezone.now() - webhooks.KEPT)
    webhooks.deliver_due()
    assert [row.state for row in WebhookDelivery.objects.all()] == [DeliveryState.WAITING]


def test_operators_see_messages_and_deliver_them_again(receiver: Receiver) -> None:
    receiver.answers = [410]
    delivery = a_message(name="Größer")
    webhooks.deliver_due()
    client = client_of(person("olga", "operators"))
    page = client.get(reverse("admin:mlops_webhookdelivery_changelist")).content.decode()
    assert "Given up" in page
    assert "status 410" in page
    detail = client.get(reverse("admin:mlops_webhookdelivery_change", args=[delivery.pk]))
    assert "Gr\\u00f6\\u00dfer" in detail.content.decode()
    assert SECRET not in page + detail.content.decode()
    assert again(client, delivery).status_code == 302
    webhooks.deliver_due()
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts, delivery.delivery) == ("delivered", 1, 2)
    assert receiver.ids == [f"msg_{delivery.pk.hex}"] * 2


def test_nobody_else_delivers_anything_again(receiver: Receiver) -> None:
    delivery = a_message()
    webhooks.deliver_due()
    for user in (person("ada", "approvers"), person("eve")):
        again(client_of(user), delivery)
    webhooks.deliver_due()
    assert len(receiver.ids) == 1


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def again(client: Client, delivery: WebhookDelivery) -> Any:
    return client.post(
        reverse("admin:mlops_webhookdelivery_changelist"),
        {"action": "deliver_again", "_selected_action": [str(delivery.pk)]},
    )
