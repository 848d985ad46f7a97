"""Every change of alerts: what Alertmanager tells, what answers it, and what people do about it.

A notification may come again and again, and from several sides at once: rows are made at most once
by constraint, change by conditional updates, and a group starts an experiment by winning its row.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from accounts.public import User
from mlops.access import may_operate
from mlops.alert_errors import AlertHasNoExperiment, SilenceImpossible
from mlops.alert_messages import AlertMessage, Notification
from mlops.errors import RightMissing
from mlops.models import Alert, AlertEvent, AlertGroup, Experiment, Silence
from mlops.rules import reason_given
from mlops.spec import SpecInvalid
from mlops.states import AlertEventKind, AlertState
from mlops.submission import parse_spec, submit
from scene3d.engine.public import EngineError

logger = logging.getLogger(__name__)

STARTERS = (
    "InputBrightnessDrift", "InputContrastDrift", "PerformanceDecay", "FeatureDriftDetected",
)  # fmt: skip
"""Alerts that an experiment answers; of several in a group the first, which says most."""
ONE_PER = timedelta(hours=1)
MAX_SILENCE = timedelta(days=30)


@dataclass(frozen=True, kw_only=True)
class Reception:
    """What became of a notification; `experiment` is what it started, if it did."""

    num_alerts: int
    experiment: Experiment | None


def receive(notification: Notification) -> Reception:
    """Record it; where drift fires that nothing has answered yet, start the experiment for it."""
    with transaction.atomic():
        group, _ = AlertGroup.objects.get_or_create(key=notification.group_key)
        alerts = [_record(group, message) for message in notification.alerts]
    return Reception(num_alerts=len(alerts), experiment=_answer(group, alerts))


def acknowledge(alert: Alert, who: User) -> None:
    """Somebody knows of it. Raises: RightMissing."""
    _require_right(who)
    with transaction.atomic():
        unseen = Alert.objects.filter(pk=alert.pk, acknowledged_at=None)
        if unseen.update(acknowledged_at=timezone.now()):
            _tell(alert, AlertEventKind.ACKNOWLEDGED, who)
    alert.refresh_from_db()


def silence(alert: Alert, who: User, *, duration: timedelta, reason: str) -> Silence:
    """From now on, and for so long, alerts of this name start nothing.

    Raises: RightMissing, ReasonNeeded, SilenceImpossible.
    """
    _require_right(who)
    reason = reason_given(reason)
    if not timedelta() < duration <= MAX_SILENCE:
        raise SilenceImpossible(MAX_SILENCE)
    until = timezone.now() + duration
    with transaction.atomic():
        made = Silence.objects.create(
            alert_name=alert.name,
            until=until,
            reason=reason,
            who=who,
            who_name=who.get_username(),
        )
        _tell(
            alert, AlertEventKind.SILENCED, who, f"Until {until:%Y-%m-%d %H:%M} UTC: {made.reason}"
        )
    return made


def lift_silence(alert: Alert, who: User) -> None:
    """Alerts of this name count again. Raises: RightMissing."""
    _require_right(who)
    with transaction.atomic():
        if active_silences(alert.name).update(lifted_at=timezone.now()):
            _tell(alert, AlertEventKind.SILENCE_LIFTED, who)


def start(alert: Alert, who: User) -> Experiment:
    """The experiment that answers it, now, whatever the hour and silences say.

    Raises: RightMissing, AlertHasNoExperiment, SpecInvalid, DataMissing.
    """
    _require_right(who)
    if alert.name not in STARTERS:
        raise AlertHasNoExperiment(alert.name)
    with transaction.atomic():
        experiment = _submit(alert, who)
        AlertGroup.objects.filter(pk=alert.group_id).update(
            last_started_at=timezone.now(), last_experiment=experiment
        )
        _link(alert, experiment, who)
    alert.refresh_from_db()
    return experiment


def active_silences(alert_name: str) -> Any:
    """QuerySet of those that hold now."""
    now = timezone.now()
    return Silence.objects.filter(alert_name=alert_name, lifted_at=None, until__gt=now)


def _record(group: AlertGroup, message: AlertMessage) -> Alert:
    """The episode's row; notified before, it is brought up to date."""
    now = timezone.now()
    alert, is_new = Alert.objects.get_or_create(
        fingerprint=message.fingerprint,
        starts_at=message.starts_at,
        defaults={
            "group": group,
            "name": message.name,
            "labels": message.labels,
            "annotations": message.annotations,
        },
    )
    if is_new:
        _tell(alert, AlertEventKind.FIRED)
    else:
        Alert.objects.filter(pk=alert.pk).update(
            num_notifications=F("num_notifications") + 1,
            last_notified_at=now,
            annotations=message.annotations,
        )
    is_over = message.status == AlertState.RESOLVED.value
    resolved_at = min(message.ends_at, now) if is_over else None
    other_state = Alert.objects.filter(pk=alert.pk).exclude(state=message.status)
    if other_state.update(state=message.status, resolved_at=resolved_at):
        _tell(alert, AlertEventKind.RESOLVED if is_over else AlertEventKind.FIRED)
    alert.refresh_from_db()
    return alert


def _answer(group: AlertGroup, alerts: Sequence[Alert]) -> Experiment | None:
    waiting = [
        alert
        for alert in sorted(alerts, key=_rank)
        if alert.name in STARTERS and alert.is_firing and alert.experiment_id is None
    ]
    loud = []
    for alert in waiting:
        if active := active_silences(alert.name).first():
            _note_not_started(alert, f"Silenced by {active.who_name}: {active.reason}")
        else:
            loud.append(alert)
    if not loud:
        return None
    try:
        experiment = _start_for_group(group, loud[0])
    except EngineError as problem:  # no data, or a spec that is none
        for alert in loud:
            _note_not_started(alert, f"{problem.message} {problem.next_step}")
        return None
    _link_the_rest(group, loud)
    return experiment


def _rank(alert: Alert) -> int:
    return STARTERS.index(alert.name) if alert.name in STARTERS else len(STARTERS)


def _start_for_group(group: AlertGroup, alert: Alert) -> Experiment | None:
    """None when the group has started one within the hour.

    Raises: SpecInvalid, DataMissing; then the hour is not used up.
    """
    now = timezone.now()
    may_start = Q(last_started_at=None) | Q(last_started_at__lte=now - ONE_PER)
    with transaction.atomic():
        if not AlertGroup.objects.filter(may_start, pk=group.pk).update(last_started_at=now):
            return None
        experiment = _submit(alert, None)
        AlertGroup.objects.filter(pk=group.pk).update(last_experiment=experiment)
        _link(alert, experiment, None)
    logger.info("alert %s: experiment %s", alert.name, experiment.pk)
    return experiment


def _link_the_rest(group: AlertGroup, alerts: Sequence[Alert]) -> None:
    """One experiment answers all of a group."""
    group.refresh_from_db()
    if group.last_experiment is None:
        return
    for alert in alerts:
        with transaction.atomic():
            _link(alert, group.last_experiment, None)


def _link(alert: Alert, experiment: Experiment, who: User | None) -> None:
    """In a transaction; a second time changes nothing."""
    others = Alert.objects.filter(pk=alert.pk).exclude(experiment=experiment)
    unanswered = Alert.objects.filter(pk=alert.pk, experiment=None)
    linked = others if who is not None else unanswered
    if linked.update(experiment=experiment, not_started="") or who is not None:
        _tell(alert, AlertEventKind.ANSWERED, who, f"Experiment {experiment.name}.")


def _submit(alert: Alert, who: User | None) -> Experiment:
    """Raises: SpecInvalid, DataMissing."""
    path = Path(settings.ALERT_SPECS) / f"{alert.name}.yaml"
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SpecInvalid(f"{path} cannot be read: {error}.") from error
    return submit(parse_spec(text), settings.TRAIN_DATA or "", "alert", who)


def _note_not_started(alert: Alert, words: str) -> None:
    """Once for each reason, however often it is told."""
    with transaction.atomic():
        if Alert.objects.filter(pk=alert.pk).exclude(not_started=words).update(not_started=words):
            _tell(alert, AlertEventKind.NOT_STARTED, None, words)
    logger.warning("alert %s starts nothing: %s", alert.name, words)


def _require_right(who: User) -> None:
    if not may_operate(who):
        raise RightMissing


def _tell(alert: Alert, kind: AlertEventKind, who: User | None = None, words: str = "") -> None:
    who_name = who.get_username() if who is not None else ""
    AlertEvent.objects.create(alert=alert, kind=kind, who=who, who_name=who_name, words=words)
