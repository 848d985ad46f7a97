"""E-mail about experiments, for who started them and for the operators (SCENE3D_OPERATORS)."""

import logging
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import send_mail

from mlops.models import Experiment
from mlops.states import ExperimentState

logger = logging.getLogger(__name__)


def tell_start(experiment: Experiment) -> None:
    _send(
        experiment,
        f"Experiment {experiment.name} has started",
        f"It was started by {experiment.trigger}, on {experiment.data}.",
    )


def tell_end(experiment: Experiment) -> None:
    """With what it decided, or why it ended."""
    _send(
        experiment,
        f"Experiment {experiment.name}: {experiment.get_state_display().lower()}",
        _outcome(experiment),
    )


def _outcome(experiment: Experiment) -> str:
    if experiment.state != ExperimentState.DONE:
        parts = [experiment.error_message, experiment.error_next_step]
        return "\n\n".join(part for part in parts if part) or "It was cancelled."
    lines = []
    for trial in experiment.decision["trials"]:
        lines.append(f"{trial['trial']}: {'passed every gate' if trial['passed'] else 'refused'}")
        lines += [
            f"  {'+' if reason['passed'] else '-'} {reason['words']}" for reason in trial["reasons"]
        ]
    if experiment.tracking_url:
        lines += ["", experiment.tracking_url]
    return "\n".join(lines)


def tell_people(subject: str, text: str, *, also: str = "") -> None:
    """The operators, and one more address. A mail server that is away is one line of the log."""
    to = {*settings.OPERATORS, *([also] if also else [])}
    if not to:
        return
    try:
        send_mail(f"[Scene3D] {subject}", text, settings.DEFAULT_FROM_EMAIL, sorted(to))
    except (OSError, SMTPException):
        logger.exception("no e-mail: %s", subject)


def _send(experiment: Experiment, subject: str, text: str) -> None:
    starter = experiment.started_by
    tell_people(subject, text, also=starter.email if starter else "")
