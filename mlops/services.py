"""Every change of candidates and of what is served.

Each happens whole or not at all, and at most once: candidates change state by conditional updates,
and a new configuration takes the place of the one that was active when its maker looked.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction

from mlops.errors import (
    AlreadyServed,
    ConfigurationChanged,
    NothingToRestore,
    RightMissing,
    ShadowUnchanged,
    StateForbids,
    VersionUnknown,
)
from mlops.events import tell_of_configuration
from mlops.gates import Reason, all_passed
from mlops.history import (
    active_configuration,
    has_other_champion,
    options_served_for,
    previous_version,
)
from mlops.models import AuditEntry, Candidate, Configuration, Experiment
from mlops.rules import POLICY, Actor, has_right, name_of, objection, person_of, reason_given
from mlops.selection import best_of
from mlops.states import Act, CandidateState
from scene3d.engine.public import PRESETS, OptionsInvalid, ReconstructionOptions
from scene3d.http.problem import Problem

logger = logging.getLogger(__name__)

_UNDECIDED = (CandidateState.REFUSED, CandidateState.WAITING, CandidateState.SERVED)


@dataclass(frozen=True, kw_only=True)
class JudgedTrial:
    """A trial as its experiment leaves it.

    Attributes:
        preset: the engine's, which it would replace.
        metrics: score, mAA, clusterness (percent), registration (0 to 1), seconds_per_photo,
            per_dataset, per_scene, and champion with the same keys.
        reasons: every gate's; none is a refusal.
    """

    trial: str
    preset: str
    options: ReconstructionOptions
    metrics: Mapping[str, Any]
    reasons: Sequence[Reason]


def record_candidates(experiment: Experiment, rows: Sequence[JudgedTrial]) -> list[Candidate]:
    """A candidate for each trial; recorded again, it is told anew unless somebody has decided.

    Raises: OptionsInvalid, for a preset that the engine does not have.
    """
    if unknown := [row.preset for row in rows if row.preset not in PRESETS]:
        raise OptionsInvalid([f"preset: the engine has no {name!r}" for name in unknown])
    with transaction.atomic():
        return [_record(experiment, row) for row in rows]


def _record(experiment: Experiment, row: JudgedTrial) -> Candidate:
    values = {
        "preset": row.preset,
        "options": row.options.to_dict(),
        "options_fingerprint": row.options.fingerprint(),
        "metrics": dict(row.metrics),
        "reasons": [asdict(reason) for reason in row.reasons],
        "passed": all_passed(row.reasons),
        "state": _first_state(row),
    }
    candidate, is_new = Candidate.objects.get_or_create(
        experiment=experiment, trial=row.trial, defaults=values
    )
    if not is_new:
        Candidate.objects.filter(pk=candidate.pk, state__in=_UNDECIDED).update(**values)
        before = candidate.options_fingerprint
        candidate.refresh_from_db()
        if candidate.options_fingerprint != before:
            candidate.shadow_runs.all().delete()
    return candidate


def _first_state(row: JudgedTrial) -> CandidateState:
    if not all_passed(row.reasons):
        return CandidateState.REFUSED
    if options_served_for(row.preset) == row.options.to_dict():
        return CandidateState.SERVED
    return CandidateState.WAITING


def after_experiment(experiment: Experiment) -> list[Configuration]:
    """Promote what the policy promotes by itself: the best candidate for each preset, if it has
    passed and was compared with what is still served. Safe to call twice."""
    if settings.PROMOTION_POLICY != "auto":
        return []
    by_preset: dict[str, list[Candidate]] = {}
    for candidate in experiment.candidates.filter(passed=True):
        by_preset.setdefault(candidate.preset, []).append(candidate)
    promoted = []
    for candidate in filter(None, map(best_of, by_preset.values())):
        if candidate.state != CandidateState.WAITING:
            continue
        if has_other_champion(candidate):
            logger.warning("%s waits for a person: another champion is served now", candidate)
            continue
        try:
            reason = f"The best of {experiment.name}: every gate has passed."
            promoted.append(promote(candidate, POLICY, reason))
        except Problem as problem:
            logger.warning("%s waits for a person: %s", candidate, problem.detail)
    return promoted


def propose(candidate: Candidate, who: Actor, reason: str) -> None:
    """WAITING to PROPOSED: somebody else may promote it now. Raises: Problem."""
    reason = reason_given(reason)
    with transaction.atomic():
        _decide(candidate, Act.PROPOSE, who, CandidateState.PROPOSED)
        _note(Act.PROPOSE, who, reason, candidate=candidate)


def reject(candidate: Candidate, who: Actor, reason: str) -> None:
    """WAITING or PROPOSED to REJECTED. Raises: Problem."""
    reason = reason_given(reason)
    with transaction.atomic():
        _decide(candidate, Act.REJECT, who, CandidateState.REJECTED)
        _note(Act.REJECT, who, reason, candidate=candidate)


def switch_shadow(candidate: Candidate, who: Actor, reason: str, *, is_on: bool) -> None:
    """Whether samples of finished jobs are run with its options too. Raises: Problem."""
    reason = reason_given(reason)
    act = Act.SHADOW if is_on else Act.END_SHADOW
    with transaction.atomic():
        candidate.refresh_from_db()
        if problem := objection(act, candidate, who):
            raise problem
        unchanged = Candidate.objects.filter(pk=candidate.pk, is_shadow=not is_on)
        if not unchanged.update(is_shadow=is_on):
            raise ShadowUnchanged(is_on=is_on)
        _note(act, who, reason, candidate=candidate)
    candidate.refresh_from_db()


def promote(candidate: Candidate, who: Actor, reason: str) -> Configuration:
    """WAITING or PROPOSED to PROMOTED: the candidate's options are those of its preset from now on.

    Raises: Problem; nobody can promote what a gate has refused.
    """
    reason = reason_given(reason)
    before = active_configuration()
    options = before.options if before is not None else {}
    with transaction.atomic():
        _decide(candidate, Act.PROMOTE, who, CandidateState.PROMOTED)
        configuration = Configuration(
            options={**options, candidate.preset: candidate.options},
            candidate=candidate,
            reason=reason,
        )
        _serve(configuration, before, who)
        _note(Act.PROMOTE, who, reason, candidate=candidate, configuration=configuration)
    logger.info("%s is served: %s, promoted by %s", configuration, candidate, name_of(who))
    return configuration


def roll_back(version: int | None, who: Actor, reason: str) -> Configuration:
    """Serve the options of an earlier version again, as a new one.

    Args:
        version: 0 for the engine's own presets; None for what was served before.
    Raises:
        Problem.
    """
    reason = reason_given(reason)
    if not has_right(Act.ROLL_BACK, who):
        raise RightMissing
    before = active_configuration()
    if version is None:
        version = previous_version(before) if before is not None else None
    if version is None:
        raise NothingToRestore
    restored = Configuration.objects.filter(pk=version).first()
    if restored is None and version != 0:
        raise VersionUnknown(version)
    options = restored.options if restored is not None else {}
    if options == (before.options if before is not None else {}):
        raise AlreadyServed(version)
    configuration = Configuration(options=options, restores=restored, reason=reason)
    with transaction.atomic():
        _serve(configuration, before, who)
        _note(Act.ROLL_BACK, who, reason, configuration=configuration)
    logger.info("%s restores %d, by %s", configuration, version, name_of(who))
    return configuration


def _decide(candidate: Candidate, act: Act, who: Actor, state: CandidateState) -> None:
    """Change the candidate's state, unless somebody else has just done it. Raises: Problem."""
    candidate.refresh_from_db()
    if problem := objection(act, candidate, who):
        raise problem
    values: dict[str, Any] = {"state": state}
    if act == Act.PROPOSE:
        values["proposed_by"] = person_of(who)
    if not Candidate.objects.filter(pk=candidate.pk, state=candidate.state).update(**values):
        candidate.refresh_from_db()
        raise StateForbids(act, candidate)
    candidate.refresh_from_db()


def _serve(configuration: Configuration, before: Configuration | None, who: Actor) -> None:
    """Make `configuration` the active version, if that is still `before`.

    Raises: ConfigurationChanged.
    """
    configuration.version = before.version + 1 if before is not None else 1
    configuration.is_active = True
    configuration.created_by = person_of(who)
    configuration.created_by_name = name_of(who)
    active = Configuration.objects.filter(is_active=True)
    if before is not None and not active.filter(pk=before.pk).update(is_active=False):
        raise ConfigurationChanged
    try:
        with transaction.atomic():
            configuration.save(force_insert=True)
    except IntegrityError as error:
        raise ConfigurationChanged from error
    tell_of_configuration(configuration)


def _note(
    act: Act,
    who: Actor,
    reason: str,
    *,
    candidate: Candidate | None = None,
    configuration: Configuration | None = None,
) -> None:
    AuditEntry.objects.create(
        act=act,
        who=person_of(who),
        who_name=name_of(who),
        reason=reason,
        candidate=candidate,
        configuration=configuration,
    )
