"""What cannot be done with baselines, and with photos that are too unlike them."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from scene3d.engine.public import PhotoProblem
from scene3d.http.problem import Problem


class ReasonNeeded(Problem):
    """400: whoever wonders later needs one."""

    def __init__(self) -> None:
        super().__init__(
            HTTPStatus.BAD_REQUEST,
            "reason_needed",
            "There is no reason.",
            next_step="Say why this baseline is the right one to compare with.",
        )


class RightMissing(Problem):
    """403."""

    def __init__(self) -> None:
        super().__init__(
            HTTPStatus.FORBIDDEN,
            "permission_denied",
            "You may not say what uploads are compared with.",
        )


class AlreadyActive(Problem):
    """409: there is nothing to change."""

    def __init__(self, baseline: object) -> None:
        super().__init__(
            HTTPStatus.CONFLICT,
            "baseline_active",
            f"{baseline} is the one that uploads are compared with already.",
            next_step="Choose another one.",
        )


class BaselineOutdated(Problem):
    """409: what is written there means something else to this version."""

    def __init__(self, baseline: object) -> None:
        super().__init__(
            HTTPStatus.CONFLICT,
            "baseline_outdated",
            f"{baseline} was written by another version of this software.",
            next_step="Make a new one: manage.py build_baseline, or an experiment.",
        )


class BaselineChanged(Problem):
    """409: somebody else was quicker."""

    def __init__(self) -> None:
        super().__init__(
            HTTPStatus.CONFLICT,
            "baseline_changed",
            "Somebody has just activated another baseline.",
            next_step="Look which one it is, then decide again.",
        )


class BaselineMalformed(PhotoProblem):
    """A file that is no baseline of this version."""

    code = "baseline_malformed"
    next_step = "Name the baseline.json that this version's eda_baselines wrote."


class TooFewMeasured(PhotoProblem):
    """Nothing to make a baseline of."""

    code = "baseline_too_small"
    next_step = (
        "Name a folder with photos, in a folder of its own for each scene, or jobs whose photos"
        " were measured."
    )


class DriftBlocked(PhotoProblem):
    """Photos that are very unlike those this service was tuned on, where DRIFT_BLOCKS says so."""

    code = "drift_blocked"
    next_step = (
        "Take the photos again as the words say, or ask the operator of this server to accept them"
        " (DRIFT_BLOCKS)."
    )

    def __init__(self, words: str, photos: Sequence[Mapping[str, Any]]) -> None:
        super().__init__(
            f"This server refuses photos that are very unlike those it was tuned on. {words}",
            evidence={"photos": list(photos)},
        )
