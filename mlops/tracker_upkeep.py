"""The tracker learns what it has missed: experiments that are over, and what its names stand for.

The database and the experiments' folders are the truth. Whatever the tracker is told may be told
again; what it has acknowledged is noted, so that nobody asks in vain.
"""

import logging

from mlops import lifecycle
from mlops.aliases import acknowledge, announce, outdated_aliases
from mlops.experiment_folder import folder_of
from mlops.models import Candidate, Experiment
from mlops.tracker import TrackerProblem, TrackerUnavailable
from mlops.tracking import Tracking, open_tracker

logger = logging.getLogger(__name__)


def tell_tracker() -> bool:
    """All that it has missed; false when something is left to be told later."""
    is_all_told = True
    for experiment in lifecycle.untracked():
        try:
            _tell_end(experiment)
        except TrackerUnavailable as problem:
            logger.warning("the tracker hears of the rest later: %s", problem.message)
            return False
        except (TrackerProblem, OSError, ValueError):
            logger.exception("experiment %s is not tracked", experiment.pk)
            is_all_told = False
    try:
        _align_aliases()
    except TrackerProblem as problem:
        logger.warning("the tracker's names are set later: %s", problem.message)
        return False
    return is_all_told


def _tell_end(experiment: Experiment) -> None:
    """Raises: TrackerProblem, OSError."""
    attempt, state = experiment.attempt, experiment.state
    folder = folder_of(experiment.pk)
    if folder.root.is_dir():  # else somebody has deleted it, and there is nothing to tell
        tracking = Tracking(experiment, folder)
        lifecycle.record_tracking_url(experiment.pk, tracking.catch_up())
        for candidate in experiment.candidates.filter(tracked_version=""):
            _register(candidate, tracking)
    lifecycle.mark_tracked(experiment.pk, attempt=attempt, state=state)


def _register(candidate: Candidate, tracking: Tracking) -> None:
    seed = candidate.experiment.spec["seeds"][0]
    version = tracking.register(candidate.trial, seed, f"trial {candidate.trial}")
    Candidate.objects.filter(pk=candidate.pk).update(
        tracked_run=tracking.run_of(candidate.trial, seed), tracked_version=str(version)
    )


def _align_aliases() -> None:
    """Raises: TrackerProblem."""
    for alias, version in outdated_aliases().items():
        revision, tracker = announce(alias), open_tracker()
        if version:
            tracker.set_alias(int(version), alias)
        else:
            tracker.drop_alias(alias)
        acknowledge(alias, version, revision)
