"""What RQ calls. The dotted path is stored in the broker: keep it stable, keep it empty."""

from uuid import UUID

from scene3d.engine.failpoints import failpoint


def run_reconstruction(job_id: str) -> None:
    """Work on one job; safe to call twice, or for a job that is gone."""
    failpoint("delivered")
    from jobs.runner import run_job  # noqa: PLC0415  # heavy imports only inside the worker

    run_job(UUID(job_id))


def run_export(export_id: str) -> None:
    """Make one file that somebody asked for; safe to call twice, or for an export that is gone."""
    from jobs.export_runner import run_export as run  # noqa: PLC0415  # likewise

    run(UUID(export_id))


def run_shadow() -> None:
    """The schedule says so: challengers work on jobs that are done; safe to call twice."""
    from jobs.shadow import run_scheduled_shadow  # noqa: PLC0415  # likewise

    run_scheduled_shadow()
