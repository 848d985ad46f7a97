"""How far a job is and how long it will still take, learned from the jobs before it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from django.utils import timezone

from jobs.models import Job, StageRun
from jobs.states import JobStage, JobState, stages_of
from jobs.turns import ahead_of
from scene3d.engine.options import PairOptions

_NUM_EARLIER_JOBS = 20
_DEFAULT_SHARES: Mapping[str, float] = {
    JobStage.CHECKING: 0.03,
    JobStage.EXTRACTING: 0.40,
    JobStage.MATCHING: 0.25,
    JobStage.MAPPING: 0.30,
    JobStage.DENSE: 0.25,
    JobStage.EXPORTING: 0.02,
}
"""Of the time without the dense stage, before any job has finished here."""

SecondsPerUnit = Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """What a person wants to know of a job that is not over."""

    percent: int
    eta_s: int | None
    """None while nothing is known."""


def learned_seconds(options_fingerprint: str) -> SecondsPerUnit:
    """Per stage, the median over the last jobs with these options, else with any options; empty
    while no job has finished."""
    same = _recent_runs(options_fingerprint=options_fingerprint)
    runs = same or _recent_runs()
    by_stage: dict[str, list[float]] = {}
    for run in runs:
        by_stage.setdefault(run.stage, []).append(run.seconds / max(run.num_units, 1))
    return {stage: median(values) for stage, values in by_stage.items()}


def stage_units(job: Job) -> dict[str, int]:
    """How much each stage has to do at most."""
    units: dict[str, int] = dict.fromkeys(stages_of(job.options), job.num_photos)
    pairs = PairOptions.model_validate((job.options or {}).get("pairs", {}))
    units[JobStage.MATCHING] = max(pairs.max_num_pairs(job.num_photos), 1)
    return units


def estimate(job: Job, learned: SecondsPerUnit) -> Estimate:
    """Of a waiting or running job, without the jobs before it in the queue."""
    expected_s = _expected_seconds(job, learned)
    total_s = sum(expected_s.values())
    if job.state != JobState.RUNNING or job.stage is None:
        return Estimate(percent=0, eta_s=round(total_s) if learned else None)
    stages = stages_of(job.options)
    position = stages.index(JobStage(job.stage))
    share = min(job.stage_done / job.stage_total, 1.0) if job.stage_total else 0.0
    before_s = sum(expected_s[stage] for stage in stages[:position])
    here_s = expected_s[job.stage]
    after_s = sum(expected_s[stage] for stage in stages[position + 1 :])
    percent = 100 * (before_s + share * here_s) / total_s if total_s else 0.0
    left_here_s = _left_in_stage(job, share, here_s)
    return Estimate(
        percent=min(int(percent), 99), eta_s=round(left_here_s + after_s) if learned else None
    )


def queue_wait_s(job: Job) -> int | None:
    """Seconds until a worker takes a waiting job, with one worker; None while nothing is known."""
    running = list(Job.objects.filter(state=JobState.RUNNING))
    waits = [
        estimate(other, learned_seconds(other.options_fingerprint)).eta_s
        for other in [*running, *ahead_of(job)]
    ]
    return sum(wait or 0 for wait in waits) if None not in waits else None


def _expected_seconds(job: Job, learned: SecondsPerUnit) -> dict[str, float]:
    units = stage_units(job)
    if not learned:
        return {stage: _DEFAULT_SHARES[stage] for stage in units}
    return {stage: learned.get(stage, 0.0) * count for stage, count in units.items()}


def _left_in_stage(job: Job, share: float, expected_s: float) -> float:
    """By what the stage has done so far, once that says enough; else by what was learned."""
    elapsed_s = (
        (timezone.now() - job.stage_started_at).total_seconds() if job.stage_started_at else 0.0
    )
    if share > 0.2:
        return elapsed_s * (1 - share) / share
    return max(expected_s - elapsed_s, 0.0)


def _recent_runs(**filters: str) -> Sequence[StageRun]:
    jobs = Job.objects.filter(state=JobState.DONE, **filters).order_by("-finished_at")
    recent = list(jobs.values_list("pk", flat=True)[:_NUM_EARLIER_JOBS])
    return list(StageRun.objects.filter(job__in=recent))
