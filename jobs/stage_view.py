"""The stage tracker's steps."""

from dataclasses import dataclass
from typing import Literal

from jobs.models import Job
from jobs.states import STAGE_UNITS, JobStage, JobState, stages_of

StepState = Literal["waiting", "working", "done", "stopped"]


@dataclass(frozen=True, kw_only=True)
class Step:
    stage: str
    title: str
    unit: str
    state: StepState
    seconds: float | None


def stage_steps(job: Job) -> list[Step]:
    """Its stages in order, as far as the job has come."""
    stages = stages_of(job.options)
    position = stages.index(JobStage(job.stage)) if job.stage else -1
    return [
        Step(
            stage=stage.value,
            title=stage.label,
            unit=STAGE_UNITS[stage],
            state=_state(job, index, position),
            seconds=job.stage_seconds.get(stage),
        )
        for index, stage in enumerate(stages)
    ]


def _state(job: Job, index: int, position: int) -> StepState:
    if job.has_result or index < position:
        return "done"
    if index == position:
        return "working" if job.state == JobState.RUNNING else "stopped"
    return "waiting"
