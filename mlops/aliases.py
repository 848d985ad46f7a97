"""The tracker's name for what is served follows what is served."""

from typing import Final

from django.conf import settings

from mlops.models import Candidate, Configuration
from scene3d.background.queue import enqueue_on_commit

TASK = "mlops.tasks.move_champion_alias"
CHAMPION: Final = "champion"


def move_alias(configuration: Configuration) -> None:
    """Have a worker name the configuration's candidate in the tracker, once it is committed: the
    web process has no tracker."""
    enqueue_on_commit(TASK, str(configuration.pk), delivery=1, queue=settings.EXPERIMENT_QUEUE)


def champion_of(configuration: Configuration) -> Candidate | None:
    """The candidate that brought this configuration, or the one that it restores; None for the
    engine's own presets."""
    while configuration.restores is not None:
        configuration = configuration.restores
    return configuration.candidate
