"""Every change of an experiment's state: one conditional UPDATE each, fenced by the attempt.

As in jobs: whoever works on attempt 2 changes nothing any more once the row says attempt 3.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from accounts.public import User
from mlops.events import tell_of_experiment
from mlops.models import Experiment, ExperimentStage
from mlops.states import ACTIVE, ExperimentState, StageState

LEASE = timedelta(seconds=60)
"""A running experiment without a heartbeat for this long has lost its process."""

_TOLD_WITHIN = timedelta(days=7)
"""A tracker that is away for longer misses experiments."""

_FREE = Q(
    state__in=[
        ExperimentState.QUEUED,
        ExperimentState.FAILED,
        ExperimentState.ERRORED,
        ExperimentState.CANCELLED,
    ]
)

_NO_END: Mapping[str, Any] = {
    "finished_at": None, "cancel_requested_at": None, "error_code": "", "error_message": "",
    "error_next_step": "", "traceback": "", "tracked_at": None,
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Lease:
    """The right to work on an experiment, as long as the row agrees."""

    experiment_id: UUID
    attempt: int


def fingerprint_of(spec: Mapping[str, Any]) -> str:
    """16 hex digits; changes with any value."""
    return hashlib.sha256(json.dumps(spec, sort_keys=True).encode()).hexdigest()[:16]


def create(
    spec: Mapping[str, Any], stages: tuple[str, ...], trigger: str, who: User | None
) -> Experiment:
    """A new one, waiting.

    Args:
        spec: as it is run, with the champion and an absolute path of the data.
    """
    with transaction.atomic():
        experiment = Experiment.objects.create(
            name=spec["name"],
            spec=dict(spec),
            spec_fingerprint=fingerprint_of(spec),
            data=spec["data"],
            trigger=trigger,
            started_by=who,
        )
        ExperimentStage.objects.bulk_create(
            ExperimentStage(experiment=experiment, name=name, position=position)
            for position, name in enumerate(stages)
        )
    return experiment


def find_unfinished(spec: Mapping[str, Any]) -> Experiment | None:
    """The newest one of this very spec, if it has not come to its end."""
    newest = Experiment.objects.filter(spec_fingerprint=fingerprint_of(spec)).first()
    if newest is None or newest.state == ExperimentState.DONE:
        return None
    return newest


def claim(experiment_id: UUID) -> Lease | None:
    """To RUNNING, at most once; None when it is done, or somebody works on it."""
    now = timezone.now()
    with transaction.atomic():
        won = (
            Experiment.objects.filter(pk=experiment_id)
            .filter(_FREE | lost_at(now))
            .update(
                state=ExperimentState.RUNNING,
                attempt=F("attempt") + 1,
                started_at=now,
                heartbeat_at=now,
                **_NO_END,
            )
        )
        if not won:
            return None
        _stages_anew(experiment_id)
        experiment = Experiment.objects.get(pk=experiment_id)
        tell_of_experiment(experiment)
    return Lease(experiment_id=experiment_id, attempt=experiment.attempt)


def requeue(experiment_id: UUID) -> int | None:
    """To QUEUED, where it may be claimed: the number of this delivery. None when it is done, or
    somebody works on it."""
    with transaction.atomic():
        won = (
            Experiment.objects.filter(pk=experiment_id)
            .filter(_FREE | lost_at(timezone.now()))
            .update(
                state=ExperimentState.QUEUED,
                queued_at=timezone.now(),
                delivery=F("delivery") + 1,
                **_NO_END,
            )
        )
        if not won:
            return None
        _stages_anew(experiment_id)
        return Experiment.objects.values_list("delivery", flat=True).get(pk=experiment_id)


def lost_at(now: datetime) -> Q:
    """Running ones whose process has gone."""
    return Q(state=ExperimentState.RUNNING) & (
        Q(heartbeat_at=None) | Q(heartbeat_at__lt=now - LEASE)
    )


def heartbeat(lease: Lease) -> bool:
    """Whether the lease still holds and nobody asked to stop."""
    _leased(lease).update(heartbeat_at=timezone.now())
    return _leased(lease).filter(cancel_requested_at=None).exists()


def begin_stage(lease: Lease, name: str) -> None:
    _stage(lease, name).update(state=StageState.RUNNING, started_at=timezone.now())


def record_progress(lease: Lease, name: str, *, done: int, total: int, words: str) -> None:
    _stage(lease, name).update(done=done, total=total, words=words[:200])


def end_stage(lease: Lease, name: str, state: StageState, *, seconds: float) -> None:
    _stage(lease, name).update(state=state, seconds=seconds)


def record_data_hash(lease: Lease, data_hash: str) -> None:
    _leased(lease).update(data_hash=data_hash)


def record_tracking_url(experiment_id: UUID, url: str) -> None:
    Experiment.objects.filter(pk=experiment_id).update(tracking_url=url)


def untracked() -> QuerySet[Experiment]:
    """Those that were at work and came to an end, lately, that the tracker has not heard of."""
    return Experiment.objects.filter(
        tracked_at=None, attempt__gt=0, finished_at__gte=timezone.now() - _TOLD_WITHIN
    ).exclude(state__in=ACTIVE)


def mark_tracked(experiment_id: UUID, *, attempt: int, state: str) -> None:
    """The tracker has heard how this attempt ended; a newer one is told anew."""
    Experiment.objects.filter(pk=experiment_id, attempt=attempt, state=state).update(
        tracked_at=timezone.now()
    )


def finish(lease: Lease, *, evaluation: Mapping[str, Any], decision: Mapping[str, Any]) -> bool:
    """RUNNING to DONE, with what it found; False when the lease was lost."""
    return _end(lease, ExperimentState.DONE, evaluation=dict(evaluation), decision=dict(decision))


def fail(lease: Lease, *, code: str, message: str, next_step: str) -> bool:
    """A problem with the data or the spec; cancelled, when somebody has asked for that before."""
    if _leased(lease).exclude(cancel_requested_at=None).exists():
        return mark_cancelled(lease)
    return _end(
        lease,
        ExperimentState.FAILED,
        error_code=code,
        error_message=message,
        error_next_step=next_step,
    )


def mark_errored(
    lease: Lease,
    *,
    code: str,
    message: str,
    next_step: str = "Run the same experiment again: it goes on where it stopped.",
    traceback: str = "",
) -> bool:
    """A problem of ours, or of this machine."""
    return _end(
        lease,
        ExperimentState.ERRORED,
        error_code=code,
        error_message=message,
        error_next_step=next_step,
        traceback=traceback,
    )


def mark_cancelled(lease: Lease) -> bool:
    """What is done so far is kept for the next attempt."""
    return _end(lease, ExperimentState.CANCELLED)


def request_cancel(experiment_id: UUID) -> bool:
    """A waiting one ends at once, a running one within seconds; False when it is over."""
    now = timezone.now()
    with transaction.atomic():
        waiting = Experiment.objects.filter(pk=experiment_id, state=ExperimentState.QUEUED).update(
            state=ExperimentState.CANCELLED, finished_at=now
        )
        if waiting:
            tell_of_experiment(Experiment.objects.get(pk=experiment_id))
        running = Experiment.objects.filter(pk=experiment_id, state__in=ACTIVE).update(
            cancel_requested_at=now
        )
    return bool(waiting or running)


def _stages_anew(experiment_id: UUID) -> None:
    ExperimentStage.objects.filter(experiment_id=experiment_id).update(
        state=StageState.WAITING, started_at=None, seconds=None, done=0, total=0, words=""
    )


def _end(lease: Lease, state: ExperimentState, **values: Any) -> bool:
    with transaction.atomic():
        won = _leased(lease).update(state=state, finished_at=timezone.now(), **values)
        if won and state != ExperimentState.DONE:
            ExperimentStage.objects.filter(
                experiment_id=lease.experiment_id, state=StageState.RUNNING
            ).update(state=StageState.FAILED, words=str(values.get("error_message", ""))[:200])
        if won:
            tell_of_experiment(Experiment.objects.get(pk=lease.experiment_id))
    return bool(won)


def _leased(lease: Lease) -> QuerySet[Experiment]:
    return Experiment.objects.filter(
        pk=lease.experiment_id, attempt=lease.attempt, state=ExperimentState.RUNNING
    )


def _stage(lease: Lease, name: str) -> QuerySet[ExperimentStage]:
    return ExperimentStage.objects.filter(
        experiment_id=lease.experiment_id,
        experiment__attempt=lease.attempt,
        experiment__state=ExperimentState.RUNNING,
        name=name,
    )
