"""Messages to the address that the operator has named, signed as standardwebhooks.com says.

A message is a row, written with what it tells of; the queue is a hint. Whoever receives one twice
knows it by its id.
"""

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import F
from django.utils import timezone
from standardwebhooks import Webhook

from mlops.models import WebhookDelivery
from mlops.states import DeliveryState, WebhookEvent
from scene3d.background.queue import enqueue_on_commit
from scene3d.http.outgoing import RequestFailed, post

logger = logging.getLogger(__name__)

TASK = "mlops.tasks.deliver_webhook"
PAUSES: Sequence[timedelta] = (
    timedelta(seconds=10),
    timedelta(minutes=1),
    timedelta(minutes=10),
    timedelta(hours=1),
    timedelta(hours=6),
)
"""Between attempts; after one more the message is given up."""
TIMEOUT_S = 5.0
LEASE = timedelta(minutes=1)
"""An attempt that nothing was heard of for this long was killed."""
KEPT = timedelta(days=90)
"""Afterwards a message that is over is forgotten."""


def is_wanted() -> bool:
    """Whether anybody wants to hear of anything."""
    return bool(settings.WEBHOOK_URL)


def record(event: WebhookEvent, data: Mapping[str, Any]) -> None:
    """Have a message delivered, once the transaction of what it tells of is committed."""
    now = timezone.now()
    payload = {"type": event, "timestamp": now.isoformat(), "data": dict(data)}
    _enqueue(WebhookDelivery.objects.create(event=event, payload=payload, next_attempt_at=now))


def deliver(delivery_id: UUID) -> None:
    """Make the attempt that is due, if one is. Safe to call twice, or late."""
    if is_wanted() and (delivery := _claim(delivery_id)) is not None:
        _note(delivery, _attempt(delivery))


def deliver_due() -> None:
    """What waits for its next attempt, was cut short, or was forgotten by the broker."""
    now = timezone.now()
    WebhookDelivery.objects.exclude(state=DeliveryState.WAITING).filter(
        created_at__lt=now - KEPT
    ).delete()
    due = WebhookDelivery.objects.filter(state=DeliveryState.WAITING, next_attempt_at__lte=now)
    for delivery_id in list(due.order_by("created_at").values_list("pk", flat=True)[:100]):
        deliver(delivery_id)


def deliver_again(delivery: WebhookDelivery) -> None:
    """From the first attempt on, whatever became of it."""
    WebhookDelivery.objects.filter(pk=delivery.pk).update(
        state=DeliveryState.WAITING,
        attempts=0,
        next_attempt_at=timezone.now(),
        delivery=F("delivery") + 1,
    )
    delivery.refresh_from_db()
    _enqueue(delivery)


@dataclass(frozen=True, kw_only=True)
class _Outcome:
    """Of one attempt; `status` is None without an answer."""

    status: int | None
    words: str = ""

    @property
    def is_delivered(self) -> bool:
        return self.status is not None and HTTPStatus.OK <= self.status < 300

    @property
    def is_final(self) -> bool:
        """The receiver may say that it wants no more. Source: the specification, "Gone"."""
        return self.is_delivered or self.status == HTTPStatus.GONE


def _enqueue(delivery: WebhookDelivery) -> None:
    enqueue_on_commit(
        TASK, str(delivery.pk), delivery=delivery.delivery, queue=settings.WEBHOOK_QUEUE
    )


def _claim(delivery_id: UUID) -> WebhookDelivery | None:
    """The attempt is counted before it is made: one that is killed is not made for ever."""
    now = timezone.now()
    won = WebhookDelivery.objects.filter(
        pk=delivery_id, state=DeliveryState.WAITING, next_attempt_at__lte=now
    ).update(attempts=F("attempts") + 1, next_attempt_at=now + LEASE)
    return WebhookDelivery.objects.get(pk=delivery_id) if won else None


def _attempt(delivery: WebhookDelivery) -> _Outcome:
    body = json.dumps(delivery.payload, sort_keys=True)
    message_id, now = f"msg_{delivery.pk.hex}", timezone.now()
    headers = {
        "content-type": "application/json",
        "user-agent": "Scene3D",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(settings.WEBHOOK_SECRET).sign(message_id, now, body),
    }
    try:
        status = post(
            settings.WEBHOOK_URL,
            body.encode(),
            headers,
            timeout_s=TIMEOUT_S,
            allow_private=settings.WEBHOOK_ALLOW_PRIVATE,
        )
    except RequestFailed as problem:
        return _Outcome(status=None, words=str(problem))
    return _Outcome(status=status, words=_words(status))


def _words(status: int) -> str:
    """Empty for a success."""
    if 200 <= status < 300:
        return ""
    redirect = "; redirects are not followed" if 300 <= status < 400 else ""
    return f"The receiver answered with status {status}{redirect}."


def _note(delivery: WebhookDelivery, outcome: _Outcome) -> None:
    """Nothing, where the lease ran out and somebody else has tried since."""
    values: dict[str, Any] = {"last_status": outcome.status, "last_error": outcome.words}
    if outcome.is_delivered:
        values["state"] = DeliveryState.DELIVERED
    elif outcome.is_final or delivery.attempts > len(PAUSES):
        values["state"] = DeliveryState.GIVEN_UP
        logger.error("%s was given up: %s", delivery, outcome.words)
    else:
        values["next_attempt_at"] = timezone.now() + PAUSES[delivery.attempts - 1]
        logger.warning("%s is tried again later: %s", delivery, outcome.words)
    WebhookDelivery.objects.filter(
        pk=delivery.pk, state=DeliveryState.WAITING, attempts=delivery.attempts
    ).update(**values)
