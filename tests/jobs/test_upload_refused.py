"""Uploads that are refused: the exact answer, and nothing left behind."""

import io
import json
import stat
import struct
import zipfile
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from jobs.models import Job
from tests.jobs.builders import jpeg, stored_files, zip_of
from tests.jobs.uploading import JOBS, archive, photos, upload

THREE = ("a.jpg", "b.jpg", "c.jpg")


def encrypted() -> bytes:
    """Python writes no encrypted archives, but the flag is enough."""
    content = bytearray(zip_of(THREE))
    for magic, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = content.find(magic)
        while at >= 0:
            content[at + offset] |= 1
            at = content.find(magic, at + 4)
    return bytes(content)


def wrong_checksum() -> bytes:
    content = zip_of(THREE)
    return content.replace(jpeg(1), jpeg(1)[:-1] + b"\x00", 1)


def link() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as opened:
        member = zipfile.ZipInfo("a.jpg")
        member.external_attr = (stat.S_IFLNK | 0o777) << 16
        opened.writestr(member, "/etc/passwd")
    return buffer.getvalue()


def too_many_claimed() -> bytes:
    """An end record that claims 30,000 entries."""
    content = bytearray(zip_of(THREE))
    struct.pack_into("<HH", content, len(content) - 22 + 8, 30_000, 30_000)
    return bytes(content)


BOMB = zip_of({"a.jpg": bytes(3 << 20), "b.jpg": b"x", "c.jpg": b"y"}, zipfile.ZIP_DEFLATED)

ARCHIVES: dict[str, tuple[bytes, int, str]] = {
    "text": (b"not a ZIP", 415, "archive_type_unsupported"),
    "photo": (jpeg(), 415, "archive_type_unsupported"),
    "rar": (b"Rar!\x1a\x07\x01\x00" + bytes(100), 415, "archive_type_unsupported"),
    "zero-bytes": (b"", 400, "upload_empty"),
    "no-entries": (zip_of({}), 422, "archive_empty"),
    "half": (zip_of(THREE)[:900], 422, "archive_corrupt"),
    "wrong-checksum": (wrong_checksum(), 422, "archive_corrupt"),
    "encrypted": (encrypted(), 422, "archive_encrypted"),
    "unread-method": (zip_of({"a.jpg": b"x" * 99}, zipfile.ZIP_LZMA), 422,
                      "archive_method_unsupported"),
    "no-photos": (zip_of({"a.txt": b"x", "b.gif": b"x"}), 422, "no_images"),
    "clutter": (zip_of({"__MACOSX/a.jpg": b"x", ".hidden/b.jpg": b"x"}), 422, "no_images"),
    "nested": (zip_of({"inner.zip": zip_of(THREE)}), 422, "archive_nested"),
    "parent-folder": (zip_of(["../a.jpg", "b.jpg", "c.jpg"]), 422, "archive_unsafe_path"),
    "inner-parent": (zip_of(["x/../../a.jpg", "b.jpg", "c.jpg"]), 422, "archive_unsafe_path"),
    "absolute": (zip_of(["/etc/a.jpg", "b.jpg", "c.jpg"]), 422, "archive_unsafe_path"),
    "drive": (zip_of(["C:/a.jpg", "b.jpg", "c.jpg"]), 422, "archive_unsafe_path"),
    "backslash": (zip_of(["x\\a.jpg", "b.jpg", "c.jpg"]), 422, "archive_unsafe_path"),
    "control": (zip_of(["a\x1b.jpg", "b.jpg", "c.jpg"]), 422, "archive_bad_name"),
    "device": (zip_of(["con.jpg", "b.jpg", "c.jpg"]), 422, "archive_bad_name"),
    "deep": (zip_of(["x/" * 16 + "a.jpg", "b.jpg", "c.jpg"]), 422, "archive_too_deep"),
    "other-case": (zip_of(["a.jpg", "A.jpg", "c.jpg"]), 422, "archive_duplicate_name"),
    "link": (link(), 422, "archive_symlink"),
    "prefix": (b"MZ" + zip_of(THREE), 422, "archive_prefix_data"),
    "bomb": (BOMB, 422, "archive_ratio_exceeded"),
    "claims-many": (too_many_claimed(), 422, "archive_too_many_files"),
    "one-photo": (zip_of(["a.jpg"]), 422, "too_few_images"),
    "two-photos": (zip_of(["a.jpg", "b.jpg", "c.txt"]), 422, "too_few_images"),
}  # fmt: skip

REQUESTS: dict[str, tuple[dict[str, Any], int, str]] = {
    "nothing": ({}, 400, "upload_empty"),
    "only-a-name": ({"name": "x"}, 400, "upload_empty"),
    "both": ({"archive": archive(zip_of(THREE)), "photos": photos(*THREE)}, 422,
             "upload_ambiguous"),
    "one-photo": ({"photos": photos("a.jpg")}, 422, "too_few_images"),
    "two-photos": ({"photos": photos("a.jpg", "b.jpg", "c.txt")}, 422, "too_few_images"),
    "no-photo": ({"photos": photos("a.txt", "b.gif")}, 422, "no_images"),
    "text-for-photos": ({"photos": "a.jpg"}, 400, "invalid"),
    "text-for-archive": ({"archive": "a.zip"}, 400, "invalid"),
    "unknown-preset": ({"photos": photos(*THREE), "preset": "best"}, 422, "options_invalid"),
    "long-name": ({"photos": photos(*THREE), "name": "x" * 121}, 400, "invalid"),
    "zero-in-name": ({"photos": photos(*THREE), "name": "a\x00b"}, 400, "invalid"),
}  # fmt: skip

OPTIONS: dict[str, tuple[str, int, str, str]] = {
    "no-json": ("{seed: 1}", 400, "invalid", "This is not JSON."),
    "a-list": ("[1]", 400, "invalid", "This is not a JSON object."),
    "a-text": ('"seed"', 400, "invalid", "This is not a JSON object."),
    "endless": ("[" * 100_000, 400, "invalid", "This is not JSON."),
    "typo": ('{"features": {"max_keypoint": 9}}', 422, "options_invalid",
             "features.max_keypoint: unknown option; did you mean features.max_keypoints?"),
    "unknown-stage": ('{"colour": {}}', 422, "options_invalid", "colour: unknown option"),
    "wrong-type": ('{"seed": "1"}', 422, "options_invalid", "seed: "),
    "out-of-range": ('{"features": {"max_keypoints": 1}}', 422, "options_invalid",
                     "features.max_keypoints: "),
    "not-a-stage": ('{"features": 3}', 422, "options_invalid", "features: "),
    "contradiction": (
        '{"features": {"extractor": "sift"}, "matching": {"matcher": "lightglue"}}', 422,
        "options_invalid", "matching.matcher: lightglue has no weights for sift"),
    "infinite": ('{"cloud": {"voxel_size": Infinity}}', 422, "options_invalid",
                 "cloud.voxel_size: "),
    "too-large-a-number": ('{"cloud": {"voxel_size": 1e999}}', 422, "options_invalid",
                           "cloud.voxel_size: "),
    "no-number": ('{"matching": {"max_ratio": NaN}}', 422, "options_invalid",
                  "matching.max_ratio: "),
}  # fmt: skip


def assert_refused(response: Any, status: int, code: str) -> Any:
    body = response.json()
    assert (response.status_code, body["code"]) == (status, code)
    assert response.headers["Content-Type"] == "application/problem+json"
    assert body["status"] == status
    assert body["detail"]
    assert body["next_step"]
    assert_nothing_is_left()
    return body


def assert_nothing_is_left() -> None:
    assert not Job.objects.exists()
    assert stored_files() == []


@pytest.mark.parametrize("case", ARCHIVES)
def test_archives(alice_api: APIClient, case: str) -> None:
    content, status, code = ARCHIVES[case]
    assert_refused(upload(alice_api, archive=archive(content)), status, code)


@pytest.mark.parametrize("case", REQUESTS)
def test_requests(alice_api: APIClient, case: str) -> None:
    parts, status, code = REQUESTS[case]
    for part in parts.get("photos", []), [parts.get("archive")]:
        for file in part:
            if isinstance(file, SimpleUploadedFile):
                file.seek(0)
    assert_refused(upload(alice_api, **parts), status, code)


@pytest.mark.parametrize("case", OPTIONS)
def test_options(alice_api: APIClient, case: str) -> None:
    options, status, code, message = OPTIONS[case]
    body = assert_refused(upload(alice_api, photos=photos(*THREE), options=options), status, code)
    shown = body["detail"] if code == "options_invalid" else json.dumps(body["errors"]["options"])
    assert message in shown


def test_the_presets_on_offer_are_named(alice_api: APIClient) -> None:
    body = assert_refused(upload(alice_api, archive=archive(zip_of(THREE)), preset="best"), 422,
                          "options_invalid")  # fmt: skip
    assert body["detail"] == (
        "preset: 'best' is not offered; choose one of quick, standard, thorough."
    )


def test_too_many_photos(alice_api: APIClient, limits: Any) -> None:
    limits(max_photos=3)
    four = [f"{n}.jpg" for n in range(4)]
    for parts in ({"archive": archive(zip_of(four))}, {"photos": photos(*four)}):
        body = assert_refused(upload(alice_api, **parts), 422, "archive_too_many_files")
        assert "3 are allowed" in body["detail"]


def test_far_too_many_photos_are_not_even_read(alice_api: APIClient, limits: Any) -> None:
    limits(max_photos=3)
    response = upload(alice_api, photos=photos(*(f"{n}.jpg" for n in range(5))))
    assert (response.status_code, response.json()["code"]) == (400, "bad_request")
    assert_nothing_is_left()


def test_an_archive_that_unpacks_to_too_much(alice_api: APIClient, settings: Any) -> None:
    settings.MAX_UPLOAD_BYTES = 300  # unpacked, four times as much is allowed
    body = assert_refused(
        upload(alice_api, archive=archive(zip_of(THREE))), 422, "archive_too_large_unpacked"
    )
    assert body["next_step"] == "Send fewer or smaller photos."


@pytest.mark.parametrize("content_type", ["application/json", "application/zip", "text/plain"])
def test_other_content_types(alice_api: APIClient, content_type: str) -> None:
    response = alice_api.post(JOBS, b"{}", content_type=content_type)
    assert_refused(response, 415, "unsupported_media_type")


@pytest.mark.parametrize(
    "body",
    [b"", b"--x\r\nContent-Disposition: form-data; name=photos; filename=a.jpg\r\n\r\nhalf"],
    ids=["empty", "cut-off"],
)
def test_broken_multipart_bodies(alice_api: APIClient, body: bytes) -> None:
    response = alice_api.post(JOBS, body, content_type="multipart/form-data; boundary=x")
    assert_refused(response, 400, "upload_empty")


def test_multipart_without_a_boundary(alice_api: APIClient) -> None:
    response = alice_api.post(JOBS, b"abc", content_type="multipart/form-data")
    assert_refused(response, 400, "parse_error")


def test_a_name_that_went_wrong_is_shown_harmlessly(alice_api: APIClient) -> None:
    response = upload(alice_api, archive=archive(zip_of(["a\x1b[2J.jpg", "b.jpg", "c.jpg"])))
    assert "\\x1b[2J" in assert_refused(response, 422, "archive_bad_name")["detail"]


def test_strangers_upload_nothing(api: APIClient, db: None) -> None:
    response = upload(api, photos=photos(*THREE))
    assert (response.status_code, response.json()["code"]) == (401, "not_authenticated")
    assert_nothing_is_left()
