"""What is tracked of an experiment: its runs, in words that any tracker can keep. Pure."""

import hashlib
import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, Protocol

from scene3d.engine.public import HostProblem

RunStatus = Literal["running", "finished", "failed", "killed"]
Alias = Literal["champion", "challenger"]
MetricValue = float | Sequence[tuple[int, float]]
"""One value, or (step, value) pairs."""

REGISTERED_MODEL = "scene3d"
CONFIGURATION_FOLDER = "configuration"
"""Folder of a candidate's run that holds what a registered version is made of."""
NON_FINITE_TAG = "scene3d.non_finite_metrics"

MAX_NAME_LENGTH = 250
MAX_PARAM_LENGTH = 6000
MAX_TAG_LENGTH = 8000
"""In characters; a request with more is refused. Source: mlflow.utils.validation of MLflow 3.17."""

_ALLOWED_IN_NAMES = r"\w.\- :/"
"""Source: validate_param_and_metric_name, likewise."""


class TrackerProblem(HostProblem):
    """What was to be tracked is not, or not all of it; no result is lost."""


class TrackerUnavailable(TrackerProblem):
    """The tracker does not answer, or has no room."""

    code = "tracker_unavailable"
    next_step = (
        "Bring the tracker back and run the same command again: what it has is kept, the rest"
        " follows."
    )


class TrackerRefused(TrackerProblem):
    """The tracker answers, and says no."""

    code = "tracker_refused"
    next_step = "Correct what the tracker names and run the same command again."


class LedgerInvalid(TrackerProblem):
    """The ledger beside the experiment cannot be read."""

    code = "tracker_ledger_invalid"
    next_step = (
        "Restore the file, or delete it: then the whole experiment is published once more, as new"
        " runs."
    )


class ArtifactsInvalid(TrackerProblem):
    """Files to be attached are not there, or take each other's place."""

    code = "tracker_artifacts_invalid"
    next_step = "Run the stage that writes them again."


class RunUnpublished(TrackerProblem):
    """A run is named, as parent or candidate, that was not published from here."""

    code = "tracker_run_unpublished"
    next_step = "Publish that run first."


@dataclass(frozen=True)
class Artifact:
    """A file to attach, or a folder with everything below it.

    Attributes:
        folder: in the run, with "/" between names; "" is its top. A folder's files keep their
            places relative to `path`.
    """

    path: Path
    folder: str = ""

    def __post_init__(self) -> None:
        if self.folder and {"", ".", ".."} & set(self.folder.split("/")):
            raise ValueError(f"{self.folder!r} is no folder of a run")


@dataclass(frozen=True, kw_only=True)
class RunRecord:
    """One run, as it is now; publishing a later state of the same key updates it.

    Attributes:
        key: stable within the experiment: "parent", "stage:validate", "trial:quick/seed0".
        parent: key of the run that this one is shown under; None for the experiment itself.
        params: what was chosen, nested as it comes.
        started, ended: in UTC; `ended` is None as long as the run is running.
    """

    key: str
    name: str
    parent: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, MetricValue] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    artifacts: Sequence[Artifact] = ()
    status: RunStatus = "finished"
    started: datetime
    ended: datetime | None = None

    def __post_init__(self) -> None:
        if not self.key or self.key == self.parent:
            raise ValueError("a run needs a key of its own")
        if (self.ended is None) != (self.status == "running"):
            raise ValueError(f"{self.key} is {self.status}, and ended {self.ended}")
        if self.started.tzinfo is None or (self.ended and self.ended.tzinfo is None):
            raise ValueError(f"{self.key} has times without a zone")


@dataclass(frozen=True)
class MetricPoint:
    name: str
    step: int
    value: float


@dataclass(frozen=True, kw_only=True)
class RunContent:
    """A record within the limits of the tracker.

    Attributes:
        metrics: by name, in the order of the record; all values are finite, and there may be none.
        time_ms: when the metrics were known, since 1970 in UTC.
    """

    params: Mapping[str, str]
    metrics: Mapping[str, Sequence[MetricPoint]]
    tags: Mapping[str, str]
    time_ms: int


class Tracker(Protocol):
    """Keeps runs and registered versions. Every method may be called again after a failure.

    Raises: TrackerProblem.
    """

    def publish(self, record: RunRecord) -> str:
        """Make or update the run; the tracker's id of it."""
        ...

    def register(self, key: str, description: str) -> int:
        """Register the configuration of a published run; its version, always the same one."""
        ...

    def set_alias(self, version: int, alias: Alias) -> None:
        """Have `alias` name this version, and no other."""
        ...

    def drop_alias(self, alias: Alias) -> None:
        """Have `alias` name nothing."""
        ...

    def url_of(self, run_id: str) -> str:
        """Where people see a published run."""
        ...


def run_content(record: RunRecord) -> RunContent:
    """Params flattened, names made safe, values cut; what is not finite is named in a tag."""
    names = safe_names((name,) for name in record.metrics)
    points = {
        names[(name,)]: [MetricPoint(names[(name,)], *point) for point in _points(value)]
        for name, value in record.metrics.items()
    }
    tag_names = safe_names((name,) for name in record.tags)
    tags = {tag_names[(name,)]: cut(text, MAX_TAG_LENGTH) for name, text in record.tags.items()}
    dropped = [point for series in points.values() for point in series if not is_finite(point)]
    tags[NON_FINITE_TAG] = cut(
        ", ".join(f"{point.name} (step {point.step}: {point.value})" for point in dropped),
        MAX_TAG_LENGTH,
    )
    return RunContent(
        params=flatten(record.params),
        metrics={
            name: [point for point in series if is_finite(point)] for name, series in points.items()
        },
        tags=tags,
        time_ms=milliseconds(record.ended or record.started),
    )


def flatten(params: Mapping[str, Any]) -> dict[str, str]:
    """{"sift": {"size": 1024}} as {"sift.size": "1024"}; lists and the like as JSON."""
    leaves = dict(_leaves(params, ()))
    names = safe_names(leaves)
    return {names[path]: cut(_as_text(value), MAX_PARAM_LENGTH) for path, value in leaves.items()}


def safe_names(paths: Iterable[tuple[str, ...]]) -> dict[tuple[str, ...], str]:
    """A name for each path, unique among them, that the tracker takes.

    A path is joined by dots, other characters become "_". Where two would get one name, and where
    a name is too long, a part of the path's SHA-256 tells them apart.
    """
    wanted = {path: _allowed(".".join(path)) for path in paths}
    times = Counter(wanted.values())
    return {
        path: name if times[name] == 1 and len(name) <= MAX_NAME_LENGTH else _marked(name, path)
        for path, name in wanted.items()
    }


def cut(text: str, max_length: int) -> str:
    """The text, its end replaced by "…" where it is too long, without what no database keeps."""
    storable = text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")
    return storable if len(storable) <= max_length else f"{storable[: max_length - 1]}…"


def is_finite(point: MetricPoint) -> bool:
    return math.isfinite(point.value)


def milliseconds(time: datetime) -> int:
    """Since 1970 in UTC."""
    return int(time.timestamp() * 1000)


def _points(value: MetricValue) -> Sequence[tuple[int, float]]:
    if isinstance(value, Sequence):
        return [(int(step), float(number)) for step, number in value]
    return [(0, float(value))]


def _leaves(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    if not isinstance(value, Mapping) or (path and not value):
        yield path, value
        return
    for key, inner in value.items():
        yield from _leaves(inner, (*path, str(key)))


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)


def _allowed(name: str) -> str:
    """MLflow takes names for paths: empty parts, "." and ".." are refused too."""
    text = re.sub(f"[^{_ALLOWED_IN_NAMES}]", "_", name)
    parts = [re.sub(r"^\.{1,2}$", "_", part) for part in text.split("/") if part]
    return re.sub(r"^\.\.", "__", "/".join(parts)) or "_"


def _marked(name: str, path: tuple[str, ...]) -> str:
    mark = hashlib.sha256(json.dumps(path).encode()).hexdigest()[:8]
    return f"{name[: MAX_NAME_LENGTH - len(mark) - 1]}-{mark}"
