"""What a worker of experiments looks after between two of them."""

from time import monotonic

from mlops import lifecycle
from mlops.aliases import outdated_aliases
from mlops.submission import recover_experiments

_REST_S = 300.0
"""After a tracker that did not answer, or that refused something."""


class Maintenance:
    """Called again and again, about twice a minute; costs a few queries where all is well."""

    def __init__(self) -> None:
        self._rests_until_s = 0.0

    def __call__(self) -> None:
        recover_experiments()
        if monotonic() >= self._rests_until_s and (
            lifecycle.untracked().exists() or outdated_aliases()
        ):
            from mlops.tracker_upkeep import tell_tracker  # noqa: PLC0415  # MLflow takes seconds

            if not tell_tracker():
                self._rests_until_s = monotonic() + _REST_S
