"""The job storage: what is stored, fetched and deleted."""

import hashlib
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import settings
from django.core.exceptions import SuspiciousFileOperation

from jobs.artifacts import DOWNLOADS, store_result
from jobs.files import PREVIEW, StoredFile, delete_tree, fetch, storage, store
from jobs.services import Lease
from tests.jobs.builders import stored_files

CONTENT = bytes(range(256)) * 5000  # more than one chunk


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "photo.jpg"
    path.write_bytes(CONTENT)
    return path


def test_a_file_is_stored_with_its_checksum_and_comes_back(source: Path, tmp_path: Path) -> None:
    stored = store(source, "job/photos/000001.jpg")
    assert stored == StoredFile(
        path="job/photos/000001.jpg",
        num_bytes=len(CONTENT),
        sha256=hashlib.sha256(CONTENT).hexdigest(),
    )
    fetch(stored.path, tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == CONTENT
    assert source.read_bytes() == CONTENT


def test_nothing_is_overwritten(source: Path, tmp_path: Path) -> None:
    store(source, "job/a.jpg")
    other = tmp_path / "other"
    other.write_bytes(b"other")
    with pytest.raises(FileExistsError):
        store(other, "job/a.jpg")
    assert stored_files() == ["job/a.jpg"]
    with storage().open("job/a.jpg") as file:
        assert file.read() == CONTENT


def test_a_tree_goes_with_its_folders_and_no_other(source: Path) -> None:
    for path in ("job/a.jpg", "job/deep/er/b.jpg", "job-2/a.jpg"):
        store(source, path)
    delete_tree("job")
    assert stored_files() == ["job-2/a.jpg"]
    assert not (settings.DATA_DIR / "jobs" / "job").exists()


def test_deleting_what_is_not_there_is_fine() -> None:
    delete_tree("job")
    assert stored_files() == []


def test_a_path_out_of_the_storage_is_refused(source: Path) -> None:
    with pytest.raises(SuspiciousFileOperation):
        store(source, "../outside.jpg")


def test_a_result_is_stored_with_its_picture_if_it_has_one(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    given = {*DOWNLOADS, "view/0.dense.bin"} - {"colmap.zip", PREVIEW}  # the first, storing makes
    for name in given:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"something")
    job_id = uuid4()
    plain = store_result(Lease(job_id=job_id, attempt=1), tmp_path)
    (tmp_path / PREVIEW).write_bytes(b"a picture")
    pictured = store_result(Lease(job_id=job_id, attempt=2), tmp_path)
    assert plain.keys() == {*DOWNLOADS, "view-0.dense.bin"} - {PREVIEW}
    assert pictured.keys() - plain.keys() == {PREVIEW}
    stored, media_type = pictured["preview.jpg"]
    assert (stored.num_bytes, media_type) == (9, "image/jpeg")
