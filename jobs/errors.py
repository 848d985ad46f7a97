"""What a job's state forbids."""

from http import HTTPStatus

from jobs.models import Job
from scene3d.http.problem import Problem


class StateForbids(Problem):
    """409: the job is in a state in which this cannot be done."""

    def __init__(self, action: str, job: Job) -> None:
        job.refresh_from_db()
        super().__init__(
            HTTPStatus.CONFLICT,
            f"cannot_{action}",
            f"A job that is {job.get_state_display().lower()} cannot be {_PARTICIPLES[action]}.",
            next_step=_NEXT_STEPS[action],
            extra={"state": job.state},
        )


_PARTICIPLES = {
    "cancel": "cancelled",
    "retry": "tried again",
    "delete": "deleted",
    "scale": "scaled",
    "export": "exported",
    "judge": "judged",
    "share": "shared",
}
_NEXT_STEPS = {
    "cancel": "Only waiting and running jobs can be cancelled.",
    "retry": "Only failed, cancelled and partial jobs can be tried again; upload the photos anew.",
    "delete": "Cancel the job first.",
    "scale": "Only a result has a scale: wait until there is one.",
    "judge": "Only a result can be judged: wait until there is one.",
    "share": "Only a result can be shared: wait until there is one.",
    "export": "Only a result can be exported: wait until there is one.",
}
