"""What the tracker's names stand for: computed from what is served and what waits, and compared
with what the tracker is known to have. Nobody is asked as long as both agree."""

from collections.abc import Mapping
from typing import Final

from django.db import transaction
from django.db.models import F

from mlops.history import active_configuration
from mlops.models import Candidate, Configuration, Experiment, TrackedAlias
from mlops.selection import best_of
from mlops.states import CandidateState, ExperimentState
from mlops.tracker import Alias

UNKNOWN: Final = "unknown"
"""In place of a version: the tracker has been told, and has not said that it heard."""


def wanted_aliases() -> Mapping[Alias, str]:
    """Registered versions; "": the name must stand for nothing."""
    active = active_configuration()
    return {
        "champion": _version(champion_of(active) if active is not None else None),
        "challenger": _version(challenger()),
    }


def outdated_aliases() -> Mapping[Alias, str]:
    """Those of the wanted ones that the tracker does not have yet."""
    known = dict(TrackedAlias.objects.values_list("name", "version"))
    return {
        alias: version
        for alias, version in wanted_aliases().items()
        if known.get(alias, "") != version
    }


def champion_of(configuration: Configuration) -> Candidate | None:
    """The candidate that brought this configuration, or the one that it restores; None for the
    engine's own presets."""
    while configuration.restores is not None:
        configuration = configuration.restores
    return configuration.candidate


def challenger() -> Candidate | None:
    """The best candidate of the newest experiment that nobody has decided on yet."""
    done = Experiment.objects.filter(state=ExperimentState.DONE)
    newest = done.order_by("-finished_at", "-created_at").first()
    if newest is None:
        return None
    undecided = [CandidateState.WAITING, CandidateState.PROPOSED]
    return best_of(newest.candidates.filter(state__in=undecided))


def announce(alias: Alias) -> int:
    """To be called before the tracker is told; what `acknowledge` wants to know."""
    with transaction.atomic():
        TrackedAlias.objects.get_or_create(name=alias)
        row = TrackedAlias.objects.select_for_update().get(name=alias)
        row.version, row.revision = UNKNOWN, row.revision + 1
        row.save()
    return row.revision


def acknowledge(alias: Alias, version: str, revision: int) -> None:
    """The tracker has heard. Nobody knows what it heard last where somebody else has told it at
    the same time; it is told again then."""
    row = TrackedAlias.objects.filter(name=alias)
    if not row.filter(revision=revision).update(version=version):
        row.update(version=UNKNOWN, revision=F("revision") + 1)


def _version(candidate: Candidate | None) -> str:
    """Empty also for one that is not registered yet: better no name than a wrong one."""
    return candidate.tracked_version if candidate is not None else ""
