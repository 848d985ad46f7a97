"""What RQ calls. The dotted path is stored in the broker: keep it stable, keep it empty."""

from uuid import UUID


def run_experiment(experiment_id: str) -> None:
    """Work on one experiment; safe to call twice, or for one that is over."""
    from mlops.experiment import run_experiment as run  # noqa: PLC0415  # heavy: workers only

    run(UUID(experiment_id))


def start_scheduled_experiment() -> None:
    """The schedule says so; safe to call twice."""
    from mlops.scheduled import start_scheduled_experiment as start  # noqa: PLC0415  # likewise

    start()


def move_champion_alias(version: str) -> None:
    """Name the candidate of a configuration in the tracker; safe to call twice, or late."""
    from mlops.tracking import move_champion_alias as move  # noqa: PLC0415  # likewise

    move(int(version))
