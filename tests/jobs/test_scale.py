"""How large a model is: said by its owner, kept on the row, applied to what is delivered."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rest_framework.test import APIClient

from accounts.models import User
from jobs import exports, services
from jobs.errors import StateForbids
from jobs.files import storage
from jobs.models import Export, Job
from jobs.states import ExportStatus, JobState
from scene3d.engine.export.ply import read_ply
from scene3d.engine.public import SCALABLE, scale_file
from tests.http.streaming import body_of
from tests.jobs.builders import make_done, make_in_state, stored_files
from tests.jobs.real_result import make_real
from tests.jobs.uploading import JOBS

pytestmark = pytest.mark.django_db


@pytest.fixture
def real(alice: User, tiny_result: Path, tiny_photos: Path, tmp_path: Path) -> Job:
    return make_real(alice, tiny_result, tiny_photos, tmp_path)


def patch(client: APIClient, job: Job, body: Any) -> Any:
    return client.patch(f"{JOBS}{job.pk}/", body, format="json")


def fetched(client: APIClient, job: Job, name: str) -> bytes:
    response = client.get(f"{JOBS}{job.pk}/artifacts/{name}")
    assert response.status_code == 200
    content = body_of(response)
    assert response.headers["ETag"] == f'"{hashlib.sha256(content).hexdigest()}"'
    assert response.headers["Content-Length"] == str(len(content))
    return content


def test_the_owner_says_how_large_a_unit_is(alice: User, alice_api: APIClient) -> None:
    job = make_done(alice)
    assert alice_api.get(f"{JOBS}{job.pk}/").json()["metres_per_unit"] is None
    answer = patch(alice_api, job, {"metres_per_unit": 0.25})
    assert (answer.status_code, answer.json()["metres_per_unit"]) == (200, 0.25)
    job.refresh_from_db()
    assert job.metres_per_unit == 0.25
    assert patch(alice_api, job, {"metres_per_unit": None}).json()["metres_per_unit"] is None


@pytest.mark.parametrize(
    "body",
    [{}, {"metres_per_unit": 0}, {"metres_per_unit": -1}, {"metres_per_unit": 1e12},
     {"metres_per_unit": "large"}, {"metres_per_unit": "NaN"}, {"metres_per_unit": "Infinity"}],
)  # fmt: skip
def test_what_is_no_scale_is_refused(alice: User, alice_api: APIClient, body: Any) -> None:
    job = make_done(alice)
    answer = patch(alice_api, job, body)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    job.refresh_from_db()
    assert job.metres_per_unit is None


def test_nobody_else_may_say_it(alice: User, bob_api: APIClient, api: APIClient) -> None:
    job = make_done(alice)
    assert patch(bob_api, job, {"metres_per_unit": 2}).status_code == 404
    assert patch(api, job, {"metres_per_unit": 2}).status_code == 401
    job.refresh_from_db()
    assert job.metres_per_unit is None


@pytest.mark.parametrize("state", [JobState.QUEUED, JobState.RUNNING, JobState.FAILED])
def test_only_finished_jobs_have_a_scale(
    alice: User, alice_api: APIClient, state: JobState
) -> None:
    job = make_in_state(alice, state)
    answer = patch(alice_api, job, {"metres_per_unit": 2})
    assert (answer.status_code, answer.json()["code"]) == (409, "cannot_scale")
    with pytest.raises(StateForbids):
        services.set_scale(job, 2.0)


def test_downloads_are_in_metres(real: Job, alice_api: APIClient, tmp_path: Path) -> None:
    names = SCALABLE.keys() - {"points_sparse.ply", "mesh.ply"}  # `quick` finds no surfaces
    before = {name: fetched(alice_api, real, name) for name in names}
    patch(alice_api, real, {"metres_per_unit": 0.5})
    after = {name: fetched(alice_api, real, name) for name in names}
    assert all(before[name] != after[name] for name in names)
    for name, content in (("units.ply", before), ("metres.ply", after)):
        plain = content["points.ply"].replace(b"; positions in metres", b"")
        (tmp_path / name).write_bytes(plain)
    units, metres = read_ply(tmp_path / "units.ply"), read_ply(tmp_path / "metres.ply")
    assert len(units) == len(metres) > 1000
    assert np.allclose(metres["x"], 0.5 * units["x"])
    assert np.array_equal(metres["red"], units["red"])
    first, second = (
        np.array(json.loads(files["cameras.json"])["models"][0]["cameras"][3]["center_in_world"])
        for files in (before, after)
    )
    assert np.allclose(second, 0.5 * first)
    untouched = f"{JOBS}{real.pk}/artifacts/points.ply?units=model"
    assert body_of(alice_api.get(untouched)) == before["points.ply"]


def files() -> list[str]:
    """Without the folders that a file system keeps."""
    return [name for name in stored_files() if Path(name).suffix]


def test_a_file_is_scaled_once_and_goes_with_its_scale(
    real: Job, alice_api: APIClient, django_capture_on_commit_callbacks: Any
) -> None:
    unscaled = files()
    patch(alice_api, real, {"metres_per_unit": 0.5})
    first = fetched(alice_api, real, "points.laz")
    made = Export.objects.get()
    assert fetched(alice_api, real, "points.laz") == first
    assert Export.objects.get().pk == made.pk
    assert len(files()) == len(unscaled) + 1
    with django_capture_on_commit_callbacks(execute=True):
        patch(alice_api, real, {"metres_per_unit": 0.75})
    assert not Export.objects.exists()
    assert files() == unscaled
    assert fetched(alice_api, real, "points.laz") != first


def test_a_scale_that_changes_meanwhile_wins(
    real: Job, alice_api: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    services.set_scale(real, 0.5)
    scales: list[float] = []

    def overtaken(source: Path, target: Path, metres_per_unit: float) -> None:
        scales.append(metres_per_unit)
        if metres_per_unit == 0.5:
            Job.objects.filter(pk=real.pk).update(metres_per_unit=2.0)
        scale_file(source, target, metres_per_unit)

    monkeypatch.setattr(exports, "scale_file", overtaken)
    fetched(alice_api, real, "cameras.json")
    assert scales == [0.5, 2.0]
    [made] = Export.objects.all()
    assert made.status == ExportStatus.READY
    with storage().open(made.path or "") as file:
        assert json.loads(file.read())["models"][0]["metres_per_unit"] == 2.0
    assert sum("exports" in name for name in files()) == 1


def test_deleting_a_job_takes_its_scaled_files_along(
    real: Job, alice_api: APIClient, django_capture_on_commit_callbacks: Any
) -> None:
    services.set_scale(real, 0.5)
    fetched(alice_api, real, "points.ply")
    with django_capture_on_commit_callbacks(execute=True):
        services.delete(real)
    assert not Export.objects.exists()
    assert stored_files() == []
