"""The tracker of the offline loop: MLflow, on an embedded SQLite store or on a server.

The only import of mlflow, which takes seconds: import this module where a tracker is needed, and
never in the web process.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit, urlunsplit

from mlops.embedded_store import MLFLOW_ENVIRONMENT, PAGES_OF_RUNS, is_embedded, prepare_store
from mlops.ledger import Ledger, LedgerFile, PublishedRun
from mlops.patience import TrackerOptions, ask_patiently, limited_requests
from mlops.tracker import (
    CONFIGURATION_FOLDER,
    MAX_TAG_LENGTH,
    REGISTERED_MODEL,
    Alias,
    MetricPoint,
    RunContent,
    RunRecord,
    RunUnpublished,
    TrackerRefused,
    TrackerUnavailable,
    cut,
    milliseconds,
    run_content,
)
from mlops.uploads import Upload, find_uploads

for _name, _value in MLFLOW_ENVIRONMENT.items():
    os.environ.setdefault(_name, _value)  # MLflow looks when it is imported

from mlflow import MlflowClient  # noqa: E402  # see above
from mlflow.entities import Metric, Param, Run, RunTag  # noqa: E402  # likewise
from mlflow.exceptions import MlflowException  # noqa: E402  # likewise

KEY_TAG = "scene3d.key"
IDENTITY_TAG = "scene3d.run"
"""A hash of ledger and key: finds a run whose making was not noted, by us or by a dead server."""
CHANGED_PARAMS_TAG = "scene3d.changed_params"
"""Later values of params; MLflow keeps those that came first."""
PARENT_TAG = "mlflow.parentRunId"

_TEXTS_PER_REQUEST = 20
"""MLflow refuses requests over 1 MB; a tag has 8,000 characters, of six bytes each in JSON."""
_METRICS_PER_REQUEST = 1000
Answer = TypeVar("Answer")
Item = TypeVar("Item")


DEFAULT_OPTIONS = TrackerOptions()


class MlflowTracker:
    """The runs of an experiment, and the registry of candidates.

    Args:
        uri: of an MLflow server, or "sqlite:///" and the path of the embedded store.
        artifact_root: where the embedded store keeps files; a server has a place of its own.
        experiment: name of the MLflow experiment that the runs belong to.
        ledger_path: beside the experiment; holds what was published already.
    """

    def __init__(
        self,
        uri: str,
        *,
        artifact_root: Path,
        experiment: str,
        ledger_path: Path,
        options: TrackerOptions = DEFAULT_OPTIONS,
    ) -> None:
        self._uri = uri
        self._artifact_root = artifact_root
        self._experiment = experiment
        self._ledger_file = LedgerFile(ledger_path)
        self._options = options
        self._client: MlflowClient | None = None
        self._experiment_id: str | None = None

    def publish(self, record: RunRecord) -> str:
        """Make or update the run of this key; its id.

        Metrics and artifacts that are there already are not sent again. The status comes last: a
        run that is shown as finished is complete.

        Raises: TrackerUnavailable, TrackerRefused, ArtifactsInvalid, RunUnpublished, LedgerInvalid.
        """
        uploads = find_uploads(record.artifacts)
        content = run_content(record)
        with self._ledger_file.locked() as ledger:
            tags = _identity(record, ledger)
            run = self._find_or_make_run(record, tags, ledger)
            published = ledger.runs[record.key]
            self._log_texts(run, content.params, {**content.tags, **tags})
            self._log_metrics(content, published)
            self._ledger_file.save(ledger)
            for upload in uploads:
                self._upload(upload, published)
                self._ledger_file.save(ledger)
            self._set_status(run, record)
        return published.run_id

    def register(self, key: str, description: str) -> int:
        """Register what the run has in `configuration/`; its version, the same one every time.

        Raises: TrackerUnavailable, TrackerRefused, RunUnpublished, LedgerInvalid.
        """
        published = self._ledger_file.read().run_of(key)
        if not any(place.startswith(f"{CONFIGURATION_FOLDER}/") for place in published.artifacts):
            raise RunUnpublished(
                f"The run {key} has no configuration.",
                next_step=f"Publish it with a file in {CONFIGURATION_FOLDER}/.",
            )
        return self._ask(partial(_find_or_make_version, published.run_id, description))

    def set_alias(self, version: int, alias: Alias) -> None:
        """Have `alias` name this version, and no other.

        Raises: TrackerUnavailable, TrackerRefused.
        """
        self._ask(
            lambda client: client.set_registered_model_alias(REGISTERED_MODEL, alias, str(version))
        )

    def drop_alias(self, alias: Alias) -> None:
        """Have `alias` name nothing, as it may already.

        Raises: TrackerUnavailable, TrackerRefused.
        """
        self._ask(partial(_drop_alias, alias))

    def url_of(self, run_id: str) -> str:
        """Where people see a run that was published from here; nobody is asked.

        Raises: RunUnpublished, LedgerInvalid.
        """
        base = self._options.ui_url if is_embedded(self._uri) else _without_user(self._uri)
        for run in self._ledger_file.read().runs.values():
            if run.run_id == run_id:
                place = f"experiments/{run.experiment_id}/runs/{run_id}"
                return f"{base.rstrip('/')}/#/{place}?{PAGES_OF_RUNS}"
        raise RunUnpublished(f"No run {run_id} was published from here.")

    def _find_or_make_run(self, record: RunRecord, tags: Mapping[str, str], ledger: Ledger) -> Run:
        """The run, noted in the ledger; one that was deleted is made anew."""
        known = ledger.runs.get(record.key)
        run = self._ask(partial(_find_run, known.run_id)) if known else None
        if run is None:
            experiment_id = self._find_or_make_experiment()
            run = self._ask(partial(_find_or_make_run, experiment_id, record, tags))
        if known is None or known.run_id != run.info.run_id:
            ledger.runs[record.key] = PublishedRun(
                run_id=run.info.run_id, experiment_id=run.info.experiment_id
            )
            self._ledger_file.save(ledger)
        return run

    def _find_or_make_experiment(self) -> str:
        if self._experiment_id is None:
            place = self._artifact_root.resolve().as_uri() if is_embedded(self._uri) else None
            self._experiment_id = self._ask(
                partial(_find_or_make_experiment, self._experiment, place)
            )
        return self._experiment_id

    def _log_texts(self, run: Run, params: Mapping[str, str], tags: Mapping[str, str]) -> None:
        """Params that are new, and tags; an empty tag is sent only in place of another."""
        logged = run.data.params
        changed = [
            f"{name}={text}" for name, text in params.items() if logged.get(name, text) != text
        ]
        tags = {**tags, CHANGED_PARAMS_TAG: cut("; ".join(changed), MAX_TAG_LENGTH)}
        before = run.data.tags
        new_params = [Param(key, text) for key, text in params.items() if key not in logged]
        new_tags = [
            RunTag(name, text) for name, text in tags.items() if before.get(name, "") != text
        ]
        for some_params in _batches(new_params, _TEXTS_PER_REQUEST):
            self._ask(partial(_log, run.info.run_id, params=some_params))
        for some_tags in _batches(new_tags, _TEXTS_PER_REQUEST):
            self._ask(partial(_log, run.info.run_id, tags=some_tags))

    def _log_metrics(self, content: RunContent, published: PublishedRun) -> None:
        digests = {name: _digest(series) for name, series in content.metrics.items()}
        metrics = [
            Metric(name, point.value, content.time_ms, point.step)
            for name, series in content.metrics.items()
            for point in series
            if digests[name] != published.metrics.get(name)
        ]
        for some_metrics in _batches(metrics, _METRICS_PER_REQUEST):
            self._ask(partial(_log, published.run_id, metrics=some_metrics))
        published.metrics.update(digests)

    def _upload(self, upload: Upload, published: PublishedRun) -> None:
        sha256 = upload.sha256()
        if published.artifacts.get(upload.place) != sha256:
            send = partial(_send, published.run_id, upload)
            self._ask(send, timeout_s=self._options.upload_timeout_s)
            published.artifacts[upload.place] = sha256

    def _set_status(self, run: Run, record: RunRecord) -> None:
        run_id, status = run.info.run_id, record.status.upper()
        self._ask(lambda client: client.update_run(run_id, status, record.name))
        if record.ended is not None:
            ended_ms = milliseconds(record.ended)
            self._ask(lambda client: client.set_terminated(run_id, status, ended_ms))

    def _ask(
        self, question: Callable[[MlflowClient], Answer], *, timeout_s: int | None = None
    ) -> Answer:
        """Its answer; it is asked again as long as the tracker cannot be reached.

        Args:
            question: finds what it made where an answer to it was lost.
        Raises: TrackerUnavailable, TrackerRefused.
        """

        def attempt() -> Answer:
            with limited_requests(timeout_s or self._options.request_timeout_s):
                return question(self._open())

        try:
            return ask_patiently(
                attempt, may_pass=_may_pass, give_up_after_s=self._options.give_up_after_s
            )
        except MlflowException as error:
            words = f"{self._place} says: {self._one_line(error)}"
            raise (TrackerUnavailable if _may_pass(error) else TrackerRefused)(words) from error

    def _open(self) -> MlflowClient:
        if self._client is None:
            if is_embedded(self._uri):
                prepare_store(self._uri)
            self._client = MlflowClient(tracking_uri=self._uri, registry_uri=self._uri)
        return self._client

    @property
    def _place(self) -> str:
        return "MLflow" if is_embedded(self._uri) else f"MLflow at {_without_user(self._uri)}"

    def _one_line(self, error: Exception) -> str:
        """Without the password that the address may have."""
        return cut(" ".join(str(error).replace(self._uri, _without_user(self._uri)).split()), 400)


def _find_run(run_id: str, client: MlflowClient) -> Run | None:
    """None for one that was deleted, or is on another server."""
    try:
        run = client.get_run(run_id)
    except MlflowException as error:
        if error.error_code == "RESOURCE_DOES_NOT_EXIST":
            return None
        raise
    return run if run.info.lifecycle_stage == "active" else None


def _find_or_make_run(
    experiment_id: str, record: RunRecord, tags: Mapping[str, str], client: MlflowClient
) -> Run:
    condition = f"tags.`{IDENTITY_TAG}` = '{tags[IDENTITY_TAG]}'"
    for found in client.search_runs([experiment_id], condition, max_results=1):
        return found
    return client.create_run(experiment_id, milliseconds(record.started), dict(tags), record.name)


def _find_or_make_experiment(name: str, place: str | None, client: MlflowClient) -> str:
    found = client.get_experiment_by_name(name)
    if found is None:
        try:
            return str(client.create_experiment(name, place))
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
            found = client.get_experiment_by_name(name)  # somebody was quicker
    if found is None or found.lifecycle_stage != "active":
        raise TrackerRefused(
            f"MLflow's experiment {name} was deleted.",
            next_step="Restore it (`mlflow experiments restore`), or name another one.",
        )
    return str(found.experiment_id)


def _find_or_make_version(run_id: str, description: str, client: MlflowClient) -> int:
    found = client.search_model_versions(f"name = '{REGISTERED_MODEL}' and run_id = '{run_id}'")
    if found:
        client.update_model_version(REGISTERED_MODEL, str(found[0].version), description)
        return int(found[0].version)
    try:
        client.create_registered_model(REGISTERED_MODEL)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    source = f"{client.get_run(run_id).info.artifact_uri}/{CONFIGURATION_FOLDER}"
    made = client.create_model_version(
        REGISTERED_MODEL, source, run_id, description=description, await_creation_for=None
    )
    return int(made.version)


def _drop_alias(alias: Alias, client: MlflowClient) -> None:
    try:
        client.delete_registered_model_alias(REGISTERED_MODEL, alias)
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":  # no candidate was ever registered
            raise


def _log(
    run_id: str,
    client: MlflowClient,
    *,
    params: Sequence[Param] = (),
    tags: Sequence[RunTag] = (),
    metrics: Sequence[Metric] = (),
) -> None:
    client.log_batch(run_id, params=params, tags=tags, metrics=metrics, synchronous=True)


def _send(run_id: str, upload: Upload, client: MlflowClient) -> None:
    try:
        with upload.as_named() as (path, folder):
            client.log_artifact(run_id, str(path), folder)
    except MlflowException:
        raise
    except Exception as error:  # each store that artifacts may lie in has errors of its own
        status = getattr(getattr(error, "response", None), "status_code", 500)
        if 400 <= status < 500:
            raise TrackerRefused(f"{upload.place}: {error}") from error
        raise MlflowException(f"{upload.place}: {error}") from error


def _may_pass(error: Exception) -> bool:
    """MLflow gives connections that fail, and locked databases, the status of a broken server."""
    if not isinstance(error, MlflowException):
        return False
    status: int = error.get_http_status_code()
    return status >= 500 or error.error_code == "REQUEST_LIMIT_EXCEEDED"


def _identity(record: RunRecord, ledger: Ledger) -> dict[str, str]:
    """Tags that tell which run it is, and whose child.

    Raises: RunUnpublished, for a parent that is not there yet.
    """
    identity = hashlib.sha256(f"{ledger.id}/{record.key}".encode()).hexdigest()[:32]
    tags = {KEY_TAG: cut(record.key, MAX_TAG_LENGTH), IDENTITY_TAG: identity}
    return tags | ({PARENT_TAG: ledger.run_of(record.parent).run_id} if record.parent else {})


def _digest(series: Sequence[MetricPoint]) -> str:
    values = [(point.step, point.value) for point in series]
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()


def _batches(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _without_user(uri: str) -> str:
    parts = urlsplit(uri)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
