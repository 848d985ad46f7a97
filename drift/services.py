"""Every change of this room's rows; each happens whole or not at all, and at most once."""

import logging
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from pydantic import ValidationError

from accounts.public import User
from drift.documents import BaselineDocument
from drift.errors import (
    AlreadyActive,
    BaselineChanged,
    BaselineOutdated,
    ReasonNeeded,
    RightMissing,
)
from drift.models import Activation, Baseline, Outcome, Source

logger = logging.getLogger(__name__)

Actor = User | str
"""A person, or the name of what is none: a shell on this machine, an experiment."""
SHELL = "command line"
_ACTIVATE = "drift.activate_baseline"


def add_baseline(
    document: BaselineDocument, source: Source, made_by: str, note: str = ""
) -> Baseline:
    """As an inactive version; the one that is there where the content is known already."""
    baseline, is_new = Baseline.objects.get_or_create(
        content_version=document.baseline_version,
        defaults={
            "document": document.model_dump(mode="json"),
            "source": source,
            "note": note[:200],
            "num_photos": document.num_sampled - document.num_unreadable,
            "num_scenes": len(document.scenes),
            "made_by": made_by,
        },
    )
    if is_new:
        logger.info("%s: %d photos, by %s", baseline, baseline.num_photos, made_by)
    return baseline


def may_activate(who: Actor) -> bool:
    return isinstance(who, str) or who.has_perm(_ACTIVATE)


def activate(baseline: Baseline, who: Actor, reason: str) -> Activation:
    """Compare uploads with this baseline from now on.

    Raises: Problem.
    """
    if not reason.strip():
        raise ReasonNeeded
    if not may_activate(who):
        raise RightMissing
    try:
        baseline.read()
    except ValidationError as error:
        raise BaselineOutdated(baseline) from error
    before = Baseline.objects.filter(is_active=True).first()
    if before == baseline:
        raise AlreadyActive(baseline)
    with transaction.atomic():
        _take_the_place_of(before, baseline)
        activation = Activation.objects.create(
            baseline=baseline,
            replaces=before,
            who=None if isinstance(who, str) else who,
            who_name=who if isinstance(who, str) else who.get_username(),
            reason=reason.strip(),
        )
    baseline.refresh_from_db()
    logger.info("%s is compared with, by %s", baseline, activation.who_name)
    return activation


def record_outcome(
    job_id: UUID, values: Mapping[str, float], result: Mapping[str, float]
) -> Outcome:
    """What became of a job; one that ends again is told anew, in its place."""
    outcome, _ = Outcome.objects.update_or_create(
        job_id=job_id, defaults={"values": dict(values), "result": dict(result)}
    )
    return outcome


def record_satisfaction(job_id: UUID, satisfaction: float | None) -> None:
    """None: taken back. A job without an outcome has nobody to please."""
    Outcome.objects.filter(job_id=job_id).update(satisfaction=satisfaction)


def _take_the_place_of(before: Baseline | None, baseline: Baseline) -> None:
    """Raises: BaselineChanged."""
    active: Any = Baseline.objects.filter(is_active=True)
    if before is not None and not active.filter(pk=before.pk).update(is_active=False):
        raise BaselineChanged
    try:
        with transaction.atomic():
            Baseline.objects.filter(pk=baseline.pk).update(is_active=True)
    except IntegrityError as error:
        raise BaselineChanged from error
