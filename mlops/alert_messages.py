"""Alertmanager's webhook, version 4, believed as far as it is what it should be.

Keys that a later Alertmanager adds are passed over; one that is missing or of another kind is not.
"""

from http import HTTPStatus
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from scene3d.http.problem import Problem

MAX_BYTES = 256 << 10
_MAX_ALERTS = 100
"""As docker/alertmanager sends at most."""


class NotificationMalformed(Problem):
    """400: not what Alertmanager sends."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(
            HTTPStatus.BAD_REQUEST,
            "notification_malformed",
            f"This is no notification of Alertmanager: {'; '.join(problems)}.",
            next_step="Send Alertmanager's webhook payload, version 4.",
        )


class NotificationTooLarge(Problem):
    """413."""

    def __init__(self) -> None:
        super().__init__(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            "notification_too_large",
            f"A notification has {MAX_BYTES >> 10} KiB at most.",
            next_step="Set max_alerts in the receiver's webhook_configs.",
        )


def _without_nul(text: str) -> str:
    """PostgreSQL keeps no other."""
    if "\0" in text:
        raise ValueError("holds a NUL character")
    return text


Text = Annotated[str, AfterValidator(_without_nul)]
Words = dict[Text, Text]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class AlertMessage(_Part):
    """One alert of a notification."""

    status: Literal["firing", "resolved"]
    labels: Words
    annotations: Words = {}
    starts_at: AwareDatetime = Field(alias="startsAt")
    ends_at: AwareDatetime = Field(alias="endsAt")
    fingerprint: Annotated[str, Field(pattern=r"^[0-9a-f]{1,16}$")]

    @property
    def name(self) -> str:
        return self.labels["alertname"]


def _named(alert: AlertMessage) -> AlertMessage:
    if not 0 < len(alert.labels.get("alertname", "")) <= 200:
        raise ValueError("the label alertname is missing or too long")
    return alert


class Notification(_Part):
    """Of a whole group."""

    version: Literal["4"]
    group_key: Annotated[Text, Field(alias="groupKey", min_length=1, max_length=1024)]
    status: Literal["firing", "resolved"]
    receiver: Text
    alerts: list[Annotated[AlertMessage, AfterValidator(_named)]] = Field(
        min_length=1, max_length=_MAX_ALERTS
    )


def parse_notification(body: bytes) -> Notification:
    """Raises: NotificationTooLarge, NotificationMalformed."""
    if len(body) > MAX_BYTES:
        raise NotificationTooLarge
    try:
        return Notification.model_validate_json(body)
    except ValidationError as error:
        problems = [_sentence(problem) for problem in error.errors(include_input=False)[:5]]
        raise NotificationMalformed(problems) from error


def _sentence(problem: Any) -> str:
    place = ".".join(map(str, problem["loc"]))
    return f"{place}: {problem['msg']}" if place else str(problem["msg"])
