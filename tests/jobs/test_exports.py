"""Files that are made when somebody asks: asked for, made by a worker, fetched."""

import io
import json
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from jobs import export_runner, exports, services
from jobs.files import StoredFile
from jobs.models import Export, Job
from jobs.recorder import WorkerStopping
from jobs.states import ExportStatus, JobState
from jobs.tasks import run_export
from scene3d.engine.delivery import deliver
from scene3d.engine.errors import NativeCrash
from scene3d.engine.public import FORMATS
from tests.http.streaming import body_of
from tests.jobs.builders import make_done, make_in_state, stored_files
from tests.jobs.real_result import make_real
from tests.jobs.uploading import JOBS

pytestmark = pytest.mark.django_db
ON_DEMAND = [
    name for name, form in FORMATS.items() if form.is_on_demand and not form.is_optional
]  # the tiny result has no surfaces
STORED = StoredFile(path="somewhere", num_bytes=3, sha256="0" * 64)


@pytest.fixture
def queued(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """What the queue was given: task id and delivery."""
    calls: list[tuple[str, int]] = []

    def enqueue(task: str, export_id: str, *, delivery: int) -> None:
        assert task == "jobs.tasks.run_export"
        calls.append((export_id, delivery))

    monkeypatch.setattr(exports, "enqueue_on_commit", enqueue)
    return calls


@pytest.fixture
def real(alice: User, tiny_result: Path, tiny_photos: Path, tmp_path: Path) -> Job:
    return make_real(alice, tiny_result, tiny_photos, tmp_path)


def ask(client: APIClient, job: Job, form: str) -> Any:
    return client.post(f"{JOBS}{job.pk}/exports/{form}/")


@pytest.mark.parametrize("form", ON_DEMAND)
def test_a_file_is_made_and_fetched(
    form: str,
    real: Job,
    alice_api: APIClient,
    queued: list[tuple[str, int]],
) -> None:
    address = f"{JOBS}{real.pk}/artifacts/{FORMATS[form].file}"
    assert alice_api.get(address).status_code == 404
    answer = ask(alice_api, real, form)
    assert (answer.status_code, answer.json()["status"]) == (202, "waiting")
    assert answer.headers["Location"].endswith(address)
    [(export_id, delivery)] = queued
    assert (delivery, alice_api.get(address).status_code) == (1, 404)
    run_export(export_id)
    [row] = alice_api.get(f"{JOBS}{real.pk}/").json()["exports"]
    assert (row["status"], row["error_message"]) == ("ready", None)
    content = body_of(alice_api.get(address))
    assert row["size"] == len(content) > 500
    if form == "bundle":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            provenance = json.loads(archive.read("provenance.json"))
        assert provenance["fingerprint"] == (real.report or {})["fingerprint"]
        assert [photo["sha256"] for photo in provenance["photos"]] == list(
            real.photos.values_list("sha256", flat=True)
        )
    run_export(export_id)  # delivered twice: nothing to do
    assert len(Export.objects.all()) == 1


def test_asking_twice_asks_once(
    alice: User, alice_api: APIClient, queued: list[tuple[str, int]]
) -> None:
    job = make_done(alice)
    assert ask(alice_api, job, "submission").json() == ask(alice_api, job, "submission").json()
    assert len(queued) == 1


@pytest.mark.parametrize("form", ["points", "ply", "NERFSTUDIO"])
def test_other_forms_are_not_found(alice: User, alice_api: APIClient, form: str) -> None:
    assert ask(alice_api, make_done(alice), form).status_code == 404


def test_a_foreign_job_is_not_found(alice: User, bob_api: APIClient) -> None:
    assert ask(bob_api, make_done(alice), "bundle").status_code == 404
    assert not Export.objects.exists()


@pytest.mark.parametrize("state", [JobState.RUNNING, JobState.FAILED])
def test_only_finished_jobs_are_exported(
    alice: User, alice_api: APIClient, state: JobState
) -> None:
    answer = ask(alice_api, make_in_state(alice, state), "bundle")
    assert (answer.status_code, answer.json()["code"]) == (409, "cannot_export")


def test_one_of_many_workers_makes_it(alice: User, queued: list[tuple[str, int]]) -> None:
    export = exports.request_export(make_done(alice), "bundle.zip")
    assert exports.claim(export.pk) is not None
    assert exports.claim(export.pk) is None
    assert exports.claim(uuid4()) is None


def test_a_file_that_nobody_wants_any_more_is_not_published(
    real: Job,
    queued: list[tuple[str, int]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The scale changes while the worker is at it."""
    before = stored_files()
    export = exports.request_export(real, "submission.csv")

    def overtaken(*arguments: Any) -> None:
        deliver(*arguments)
        services.set_scale(real, 3.0)

    monkeypatch.setattr(export_runner, "deliver", overtaken)
    run_export(str(export.pk))
    assert not Export.objects.exists()
    assert [name for name in stored_files() if Path(name).suffix] == before


def failing(error: BaseException) -> Any:
    def fail(*_: object) -> None:
        raise error

    return fail


@pytest.mark.parametrize(
    ("error", "words", "is_ours"),
    [
        (NativeCrash("The native stage undistort ended with signal SIGABRT."), "SIGABRT", False),
        (RuntimeError("secret"), "Something broke on our side", True),
    ],
)
def test_what_fails_says_so_and_may_be_tried_again(
    real: Job,
    queued: list[tuple[str, int]],
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    words: str,
    *,
    is_ours: bool,
) -> None:
    export = exports.request_export(real, "bundle.zip")
    monkeypatch.setattr(export_runner, "deliver", failing(error))
    if is_ours:
        with pytest.raises(RuntimeError):
            run_export(str(export.pk))
    else:
        run_export(str(export.pk))
    export.refresh_from_db()
    assert export.status == ExportStatus.FAILED
    assert words in (export.error_message or "")
    assert "secret" not in (export.error_message or "")
    again = exports.request_export(real, "bundle.zip")
    assert (again.pk, again.status, again.error_message) == (export.pk, "waiting", None)
    assert queued == [(str(export.pk), 1), (str(export.pk), 2)]


def test_a_worker_that_must_go_leaves_it_to_the_next(
    real: Job,
    queued: list[tuple[str, int]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    export = exports.request_export(real, "bundle.zip")
    monkeypatch.setattr(export_runner, "deliver", failing(WorkerStopping()))
    run_export(str(export.pk))
    export.refresh_from_db()
    assert export.status == ExportStatus.WAITING
    assert queued[-1] == (str(export.pk), 2)


def test_what_the_queue_lost_is_delivered_again(
    alice: User, queued: list[tuple[str, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    export = exports.request_export(make_done(alice), "bundle.zip")
    monkeypatch.setattr(exports, "is_delivered", lambda *_, **__: False)
    exports.recover_exports()
    assert len(queued) == 1  # it has only just been asked for
    early = timezone.now() - timedelta(minutes=2)
    Export.objects.filter(pk=export.pk).update(requested_at=early)
    exports.recover_exports()
    assert queued == [(str(export.pk), 1), (str(export.pk), 2)]


def test_a_lost_worker_ends_in_failure_and_publishes_nothing(
    alice: User, queued: list[tuple[str, int]]
) -> None:
    export = exports.request_export(make_done(alice), "bundle.zip")
    lease = exports.claim(export.pk)
    assert lease is not None
    exports.recover_exports()
    export.refresh_from_db()
    assert export.status == ExportStatus.PREPARING
    long_ago = timezone.now() - exports.LONGEST - timedelta(seconds=1)
    Export.objects.filter(pk=export.pk).update(requested_at=long_ago)
    exports.recover_exports()
    export.refresh_from_db()
    assert export.status == ExportStatus.FAILED
    assert "Try again" in (export.error_message or "")
    assert not exports.finish(lease, STORED)


def test_the_page_offers_prepares_and_links(
    alice: User, portal_of: Any, queued: list[tuple[str, int]]
) -> None:
    job = make_done(alice)
    client: Client = portal_of(alice)
    page = client.get(f"/jobs/{job.pk}/").content.decode()
    for form in FORMATS.values():
        assert form.title in page
        assert form.purpose in page
    assert page.count("Preparing …") == 0
    answer = client.post(f"/jobs/{job.pk}/exports/bundle/")
    assert (answer.status_code, answer.headers["Location"]) == (
        302,
        f"/jobs/{job.pk}/#downloads-title",
    )
    assert client.get(f"/jobs/{job.pk}/").content.decode().count("Preparing …") == 1
    lease = exports.claim(Export.objects.get().pk)
    assert lease is not None
    exports.finish(lease, STORED)
    page = client.get(f"/jobs/{job.pk}/").content.decode()
    assert f"/api/v1/jobs/{job.pk}/artifacts/bundle.zip" in page
    assert client.post(f"/jobs/{job.pk}/exports/ply/").status_code == 404
    assert portal_of(alice).get(f"/jobs/{job.pk}/exports/bundle/").status_code == 405
