"""Photos that say where they were taken become a scene that says it nowhere."""

import io
import struct
import zipfile
from pathlib import Path

import pytest
from PIL import ExifTags, Image
from rest_framework.test import APIClient

from jobs import exports
from jobs.export_runner import run_export
from jobs.files import storage
from jobs.models import Export, Job
from jobs.runner import run_job
from jobs.states import JobState
from scene3d.engine.public import FORMATS
from tests.http.streaming import body_of
from tests.jobs.builders import stored_files, zip_of
from tests.jobs.uploading import JOBS, archive, upload

SECRET = b"Alice's house"
XMP = b'http://ns.adobe.com/xap/1.0/\0<x exif:GPSLatitude="48,51.4854N"/>' + SECRET


def with_place(photo: Path) -> bytes:
    block = Image.Exif()
    block[ExifTags.Base.Model] = "M1"
    block.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.FocalLengthIn35mmFilm] = 36
    block.get_ifd(ExifTags.IFD.GPSInfo).update(
        {ExifTags.GPS.GPSLatitude: (48.0, 51.0, 30.0),
         ExifTags.GPS.GPSAreaInformation: SECRET.decode()}
    )  # fmt: skip
    buffer = io.BytesIO()
    with Image.open(photo) as image:
        image.convert("RGB").save(buffer, "JPEG", quality=95, exif=block.tobytes())
    content = buffer.getvalue()
    return content[:2] + b"\xff\xe1" + struct.pack(">H", len(XMP) + 2) + XMP + content[2:]


def assert_tells_nothing(name: str, content: bytes) -> None:
    assert SECRET not in content, name
    assert b"GPSLatitude" not in content, name
    if content.startswith(b"\xff\xd8"):
        with Image.open(io.BytesIO(content)) as image:
            assert not image.getexif().get_ifd(ExifTags.IFD.GPSInfo), name
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as opened:
            for member in opened.namelist():
                assert_tells_nothing(f"{name}/{member}", opened.read(member))


@pytest.mark.long
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_no_file_tells_where_photos_were_taken(alice_api: APIClient, tiny_photos: Path) -> None:
    files = {path.with_suffix(".jpg").name: with_place(path) for path in tiny_photos.iterdir()}
    assert all(SECRET in content for content in files.values())
    assert upload(alice_api, archive=archive(zip_of(files)), preset="quick").status_code == 202
    job = Job.objects.get()
    run_job(job.pk)
    job.refresh_from_db()
    assert job.state == JobState.DONE
    forms = [form.file for form in FORMATS.values() if form.is_on_demand]
    for name in forms:
        run_export(exports.request_export(job, name).pk)
    assert Export.objects.filter(status="ready").count() == len(forms)
    stored = stored_files()
    assert len(stored) > 30
    for path in stored:
        with storage().open(path) as file:
            assert_tells_nothing(path, file.read())
    base = f"{JOBS}{job.pk}/"
    names = [*job.artifacts.values_list("name", flat=True), *forms]
    served = [f"{base}artifacts/{name}" for name in names] + [base, f"{base}photos/"]
    served += [f"{base}photos/{index}/{kind}/" for index in range(7)
               for kind in ("thumbnail", "preview")]  # fmt: skip
    for address in served:
        response = alice_api.get(address)
        assert response.status_code == 200, address
        assert_tells_nothing(address, body_of(response))
