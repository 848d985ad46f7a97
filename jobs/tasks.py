"""What RQ calls. The dotted path is stored in the broker: keep it stable, keep it empty."""

from uuid import UUID


def run_reconstruction(job_id: str) -> None:
    """Work on one job; safe to call twice, or for a job that is gone."""
    from jobs.runner import run_job  # noqa: PLC0415  # heavy imports only inside the worker

    run_job(UUID(job_id))
