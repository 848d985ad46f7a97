"""What RQ calls. The dotted path is stored in the broker: keep it stable, keep it empty."""

from uuid import UUID

from mlops.webhooks import deliver


def run_experiment(experiment_id: str) -> None:
    """Work on one experiment; safe to call twice, or for one that is over."""
    from mlops.experiment import run_experiment as run  # noqa: PLC0415  # heavy: workers only

    run(UUID(experiment_id))


def start_scheduled_experiment() -> None:
    """The schedule says so; safe to call twice."""
    from mlops.scheduled import start_scheduled_experiment as start  # noqa: PLC0415  # likewise

    start()


def deliver_webhook(delivery_id: str) -> None:
    """Make the attempt that is due; safe to call twice, or late."""
    deliver(UUID(delivery_id))
