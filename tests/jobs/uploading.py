"""Uploads as a program sends them."""

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from tests.jobs.builders import jpeg

JOBS = "/api/v1/jobs/"


def archive(content: bytes, name: str = "photos.zip") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, "application/zip")


def photos(*names: str) -> list[SimpleUploadedFile]:
    """Photos of these names, each another one."""
    return [SimpleUploadedFile(name, jpeg(n), "image/jpeg") for n, name in enumerate(names)]


def upload(client: APIClient, *, key: str | None = None, **parts: Any) -> Any:
    headers = {} if key is None else {"Idempotency-Key": key}
    return client.post(JOBS, parts, format="multipart", headers=headers)
