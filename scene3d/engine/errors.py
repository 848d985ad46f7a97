"""Typed failures with a stable code and a next step for the reader.

A `PhotoProblem` is about the photos: the job *fails* and its owner is told what to do. A
`HostProblem` is about this machine or our code: the job is *errored* and its operator is told.
"""

from collections.abc import Mapping, Sequence
from typing import Any


class EngineError(Exception):
    """Base of all typed failures.

    Attributes:
        code: stable, snake_case, part of the API.
        message: one sentence, what happened.
        next_step: one sentence, what the reader can do.
        evidence: JSON values that support the message.
    """

    code: str
    next_step: str = ""

    def __init__(
        self,
        message: str,
        *,
        next_step: str | None = None,
        evidence: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.next_step = next_step or type(self).next_step
        self.evidence = dict(evidence or {})


class PhotoProblem(EngineError):  # noqa: N818  # reads as what it is in `except`
    """The photos, or what was asked of them, cannot give a result."""


class HostProblem(EngineError):  # noqa: N818  # likewise
    """This machine or this installation cannot do the work."""


class OptionsInvalid(PhotoProblem):
    """Options that name unknown keys or impossible values."""

    code = "options_invalid"
    next_step = "Correct the option; the report of any run shows all of them."

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems) + ".", evidence={"problems": list(problems)})


class InputNotFound(PhotoProblem):
    """The folder or archive of photos is not there."""

    code = "input_not_found"
    next_step = "Name a folder of photos or a ZIP archive."


class ArchiveProblem(PhotoProblem):
    """An archive that is refused; `code` says why."""

    next_step = "Make a new ZIP of the photos alone and send it again."

    def __init__(
        self,
        code: str,
        message: str,
        *,
        next_step: str | None = None,
        evidence: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message, next_step=next_step, evidence=evidence)
        self.code = code


class NoPhotos(PhotoProblem):
    """Nothing that looks like a photo."""

    code = "no_images"
    next_step = "Add photos as JPEG, PNG, WebP, TIFF, BMP, HEIC or AVIF files."


class TooFewPhotos(PhotoProblem):
    """Fewer readable photos than a reconstruction needs."""

    code = "too_few_images"
    next_step = (
        "Add photos: at least three, better twenty or more, each overlapping the one before."
    )


class InsufficientFeatures(PhotoProblem):
    """The photos show too little texture to recognise anything."""

    code = "insufficient_features"
    next_step = "Use sharp, well-lit photos of surfaces with texture."


class InsufficientOverlap(PhotoProblem):
    """No two photos show enough of the same place from different positions."""

    code = "insufficient_overlap"
    next_step = (
        "Take more photos between these positions, so that each shows two thirds of the one"
        " before, and move sideways between them."
    )


class WeightsMissing(HostProblem):
    """A network's weights are not in the model store, or are not the pinned ones."""

    code = "weights_missing"
    next_step = "Run `manage.py fetch_models`."


class NativeCrash(HostProblem):
    """A native stage ended without an answer."""

    code = "native_crash"
    next_step = "Try again; if it happens again, report the log that is named in the evidence."


class NativeMemoryFull(NativeCrash):
    """A native stage wanted more memory than there is, or the system ended it, as it does then."""

    code = "oom_killed"
    next_step = "Use fewer or smaller photos, or a machine with more memory."


class StorageFull(HostProblem):
    """The disk is full."""

    code = "storage_full"
    next_step = "Free disk space and try again."


class GpuMemoryFull(HostProblem):
    """The graphics card has no room for one photo or one pair."""

    code = "gpu_memory_full"
    next_step = (
        "End what else runs on the graphics card, ask for fewer keypoints and a smaller"
        " `long_side_px`, or set SCENE3D_DEVICE=cpu."
    )


class TimeLimitReached(HostProblem):
    """The run took longer than it may."""

    code = "time_limit"
    next_step = "Use fewer photos or a quicker preset, or ask the operator for a longer limit."


class Cancelled(Exception):  # noqa: N818  # a request that was honoured, not an error
    """Someone asked the run to stop."""
