"""Which jobs a challenger is tried on, and with which options."""

import hashlib
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from uuid import UUID

from django.db.models import Q

from jobs.files import storage
from jobs.models import Job, Preset
from jobs.presets import effective_options, options_if_served
from jobs.states import JobState
from mlops.public import Candidate, shadowed_jobs
from scene3d.engine.public import OptionsInvalid, ReconstructionOptions

logger = logging.getLogger(__name__)

_NUM_RECENT = 100
"""Photos of long ago are not what people send now."""


@dataclass(frozen=True, kw_only=True)
class Pairing:
    """A job that is done, and the options that it would have had."""

    job: Job
    options: ReconstructionOptions


def pairings(challenger: Candidate, *, size: int, seed: int) -> list[Pairing]:
    """At most `size` recent jobs that it has not been tried on, with all their photos.

    Only jobs with exactly the options that a new one would get without wishes now: the others
    are no judge of what is served.
    """
    options = _options_by_preset(challenger)
    own = Q(pk__in=[])
    for name, (served, _) in options.items():
        own |= Q(preset=name, options_fingerprint=served.fingerprint())
    recent = (
        Job.objects.filter(own, state=JobState.DONE, report__is_partial=False)
        .exclude(pk__in=shadowed_jobs(challenger))
        .order_by("-finished_at")[:_NUM_RECENT]
    )
    by_id = {job.pk: job for job in recent}
    complete = (by_id[pk] for pk in ranked(list(by_id), seed) if _has_photos(by_id[pk]))
    return [Pairing(job=job, options=options[job.preset][1]) for job in islice(complete, size)]


def ranked(jobs: Sequence[UUID], seed: int) -> list[UUID]:
    """In an order that only the seed and each job's id decide: others that come or go change
    nothing."""
    return sorted(jobs, key=lambda job: hashlib.sha256(f"{seed}:{job}".encode()).digest())


def _options_by_preset(
    challenger: Candidate,
) -> dict[str, tuple[ReconstructionOptions, ReconstructionOptions]]:
    """By name of this server's presets: what is served, and the challenger's. Presets for which
    these are equal are not there."""
    return {
        preset.name: (served, own)
        for preset, served, own in _presets(challenger)
        if served.fingerprint() != own.fingerprint()
    }


def _presets(
    challenger: Candidate,
) -> Iterator[tuple[Preset, ReconstructionOptions, ReconstructionOptions]]:
    for preset in Preset.objects.filter(base=challenger.preset):
        try:
            own = ReconstructionOptions.from_dict(challenger.options)
            yield preset, effective_options(preset, {}), options_if_served(preset, own)
        except OptionsInvalid as problem:
            logger.warning("%s is not tried on preset %s: %s", challenger, preset, problem.message)


def _has_photos(job: Job) -> bool:
    paths = job.photos.values_list("stored_path", flat=True)
    return bool(paths) and all(storage().exists(path) for path in paths)
