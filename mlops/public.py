"""The door of this room: what is served, where it came from, and who challenges it."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min

from mlops.access import OperatorsOnly
from mlops.alert_history import all_alerts, caused_experiments, last_heard_at, open_alerts
from mlops.history import active_configuration, sources_of
from mlops.models import Alert, Candidate, Configuration, Experiment
from mlops.shadows import (
    Measures,
    ShadowResult,
    challengers,
    is_challenger,
    is_experiment_waiting,
    record_shadow,
    shadowed_jobs,
)
from mlops.states import ExperimentState
from scene3d.engine.public import PRESETS, OptionsInvalid, ReconstructionOptions

__all__ = [
    "AlertsNow",
    "Candidate",
    "Configuration",
    "Measures",
    "OperatorsOnly",
    "ShadowResult",
    "active_version",
    "alerts_now",
    "challengers",
    "is_challenger",
    "is_experiment_waiting",
    "record_shadow",
    "served_options",
    "shadowed_jobs",
    "source_of",
    "waiting_experiments",
]

logger = logging.getLogger(__name__)


def active_version() -> int:
    """0: the engine's own presets."""
    active = active_configuration()
    return active.version if active is not None else 0


def served_options(preset: str) -> tuple[ReconstructionOptions, int]:
    """Options of one of the engine's presets as they are served now, and the version of all that
    is served.

    Options that this engine no longer understands are logged, and the engine's own served instead.
    """
    own = PRESETS[preset].options
    active = active_configuration()
    if active is None:
        return own, 0
    promoted = active.options_of(preset)
    if promoted is None:
        return own, active.version
    try:
        return ReconstructionOptions.from_dict(promoted), active.version
    except OptionsInvalid as problem:
        logger.error(  # noqa: TRY400  # the options are at fault, not the code: no traceback
            "%s: the engine's own %s is served instead: %s", active, preset, problem.message
        )
        return own, active.version


def source_of(version: int, preset: str) -> Candidate | None:
    """The candidate whose options a version serves for a preset of the engine; None: its own."""
    configuration = Configuration.objects.filter(pk=version).first()
    return sources_of(configuration).get(preset) if configuration is not None else None


def waiting_experiments() -> tuple[int, datetime | None]:
    """How many wait for a worker, and since when the longest-waiting does."""
    waiting = Experiment.objects.filter(state=ExperimentState.QUEUED)
    found = waiting.aggregate(n=Count("pk"), oldest=Min("queued_at"))
    return found["n"], found["oldest"]


@dataclass(frozen=True, kw_only=True)
class AlertsNow:
    """What the monitoring page shows of them."""

    firing: Sequence[Alert]
    over: Sequence[Alert]
    experiments: Sequence[Experiment]
    last_heard_at: datetime | None
    """Of Alertmanager; None: never."""


def alerts_now(limit: int = 5) -> AlertsNow:
    """All that fire, and the last ones that are over."""
    return AlertsNow(
        firing=list(open_alerts()),
        over=list(all_alerts().exclude(resolved_at=None)[:limit]),
        experiments=caused_experiments(limit),
        last_heard_at=last_heard_at(),
    )
