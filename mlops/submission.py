"""Experiments that people and programs ask for: checked here, run by a worker."""

from http import HTTPStatus
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.public import User
from mlops import lifecycle
from mlops.data import DataFolder, DataMissing
from mlops.models import Experiment
from mlops.spec import Spec, SpecInvalid, spec_from
from mlops.starting import as_run, start
from mlops.states import ExperimentState
from scene3d.background.queue import enqueue_on_commit, is_delivered
from scene3d.http.problem import Problem

_TASK = "mlops.tasks.run_experiment"
MAX_SPEC_LENGTH = 64 << 10


class ExperimentActive(Problem):
    """409: it is not over."""

    def __init__(self) -> None:
        super().__init__(
            HTTPStatus.CONFLICT,
            "experiment_active",
            "This experiment waits or runs already.",
            next_step="Wait for its end, or cancel it first.",
        )


class ExperimentOver(Problem):
    """409: there is nothing to cancel."""

    def __init__(self) -> None:
        super().__init__(
            HTTPStatus.CONFLICT,
            "experiment_over",
            "This experiment is over already.",
            next_step="Run it again if you want another result.",
        )


def parse_spec(text: str) -> Any:
    """Plain values of a YAML text that a stranger may have written.

    Raises: SpecInvalid.
    """
    if len(text) > MAX_SPEC_LENGTH:
        raise SpecInvalid(f"A spec has {MAX_SPEC_LENGTH:,} characters at most.")
    try:
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text)):
            raise SpecInvalid("YAML aliases are not taken here; write the values out.")
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise SpecInvalid(f"This is no YAML: {' '.join(str(error).split())}.") from error
    except (RecursionError, ValueError) as error:  # nested too deeply; a date that is none
        raise SpecInvalid(f"This cannot be read as YAML: {error}.") from error


def check_data(folder: Path) -> None:
    """Raises: DataMissing; the first stage looks more closely."""
    data = DataFolder(folder)
    for path in (data.root, data.labels_path, data.thresholds_path):
        try:
            is_there = path.exists()
        except OSError as error:  # no right to look, or a name that is too long
            raise DataMissing(f"{path} cannot be looked at: {error.strerror}.") from error
        if not is_there:
            raise DataMissing(f"{path} is not there.")


def submit(content: Any, data: str, trigger: str, who: User | None) -> Experiment:
    """The experiment of this spec, waiting for a worker. One that has not come to its end goes on.

    Args:
        content: of the spec, as YAML and JSON hold it.
        data: folder on this server; the spec's own where it is empty.
        trigger: "button", "api", "schedule" or "alert".
    Raises:
        SpecInvalid, DataMissing.
    """
    return _submit(spec_from(content), data, trigger, who, anew=False)


def run_again(experiment: Experiment, trigger: str, who: User | None) -> Experiment:
    """One that failed or was cancelled goes on; of one that is done, a new one beside what is
    served now.

    Raises: ExperimentActive, SpecInvalid, DataMissing.
    """
    if experiment.state == ExperimentState.DONE:
        return _submit(spec_from(experiment.spec), "", trigger, who, anew=True)
    if not may_run_again(experiment) or not _deliver(experiment):
        raise ExperimentActive
    return experiment


def may_run_again(experiment: Experiment) -> bool:
    return not experiment.is_active or is_lost(experiment)


def is_lost(experiment: Experiment) -> bool:
    """Whether it runs by its row only: its process has not been heard of for a while."""
    lost = lifecycle.lost_at(timezone.now())
    return Experiment.objects.filter(lost, pk=experiment.pk).exists()


def cancel(experiment: Experiment) -> None:
    """Raises: ExperimentOver."""
    if not lifecycle.request_cancel(experiment.pk):
        raise ExperimentOver
    experiment.refresh_from_db()


def recover_experiments() -> None:
    """Bring back what lost its worker, and what the broker has forgotten."""
    lost = Experiment.objects.filter(lifecycle.lost_at(timezone.now()))
    waiting = Experiment.objects.filter(state=ExperimentState.QUEUED)
    forgotten = [
        experiment
        for experiment in waiting
        if experiment.delivery
        and not is_delivered(
            str(experiment.pk), delivery=experiment.delivery, queue=settings.EXPERIMENT_QUEUE
        )
    ]
    for experiment in [*lost, *forgotten]:
        _deliver(experiment)


def _submit(spec: Spec, data: str, trigger: str, who: User | None, *, anew: bool) -> Experiment:
    complete = as_run(spec, Path(data) if data.strip() else None, anew=anew)
    check_data(Path(complete.data))
    with transaction.atomic():
        experiment = start(complete, trigger=trigger, who=who, anew=anew)
        _deliver(experiment)
    return experiment


def _deliver(experiment: Experiment) -> bool:
    """False when somebody works on it."""
    with transaction.atomic():
        delivery = lifecycle.requeue(experiment.pk)
        if delivery is not None:
            queue = settings.EXPERIMENT_QUEUE
            enqueue_on_commit(_TASK, str(experiment.pk), delivery=delivery, queue=queue)
    experiment.refresh_from_db()
    return delivery is not None
