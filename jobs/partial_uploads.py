"""Uploads that arrive in pieces and survive lost connections and killed processes.

A piece is appended to the upload's file while its lock is held; how far the upload has come is the
size of the file, which no crash can make wrong. Locks are the kernel's: they go with their process.
"""

import fcntl
import hashlib
import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.http import Http404
from django.utils import timezone

from accounts.public import User
from jobs.quotas import lock, require_room
from jobs.upload_models import PartialUpload
from scene3d.http.problem import Problem

logger = logging.getLogger(__name__)

LIFETIME = timedelta(days=1)
"""Since the last piece."""
_MAX_NUM_PER_USER = 1000
_CHUNK_BYTES = 1 << 20


def begin(owner: User, name: str, num_bytes: int) -> PartialUpload:
    """Announce a file.

    Raises: Problem: it is too large, or there is no room for it.
    """
    if num_bytes > settings.MAX_UPLOAD_BYTES:
        raise Problem(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            "upload_too_large",
            f"The upload is larger than {settings.MAX_UPLOAD_BYTES >> 20:,} MB.",
            next_step="Send fewer or smaller photos.",
        )
    with transaction.atomic():
        lock(owner)
        require_room(owner, num_bytes)
        if PartialUpload.objects.filter(owner=owner).count() >= _MAX_NUM_PER_USER:
            raise Problem(
                HTTPStatus.TOO_MANY_REQUESTS,
                "too_many_uploads",
                f"{_MAX_NUM_PER_USER:,} of your uploads are under way.",
                next_step="Finish or delete some of them.",
            )
        upload = PartialUpload.objects.create(
            owner=owner, name=name[-255:], num_bytes=num_bytes, expires_at=timezone.now() + LIFETIME
        )
        path = path_of(upload)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(exist_ok=False)
    return upload


def own_upload(owner: object, pk: UUID) -> PartialUpload:
    """Raises: Http404, also for somebody else's and for one that has expired."""
    if isinstance(owner, User):
        upload = PartialUpload.objects.filter(
            pk=pk, owner=owner, expires_at__gt=timezone.now()
        ).first()
        if upload is not None and path_of(upload).exists():
            return upload
    raise Http404


def path_of(upload: PartialUpload) -> Path:
    return _folder() / f"{upload.pk}.part"


def offset_of(upload: PartialUpload) -> int:
    """Bytes that have arrived."""
    return path_of(upload).stat().st_size


def append(upload: PartialUpload, offset: int, piece: BinaryIO) -> int:
    """Add a piece at the end; the new offset.

    Raises: Problem: another request is adding to it, it is elsewhere, or the piece is too long.
    """
    with _locked(upload) as file:
        at = file.seek(0, os.SEEK_END)
        if at != offset:
            raise Problem(
                HTTPStatus.CONFLICT,
                "upload_offset_conflict",
                f"{at:,} bytes have arrived, and the piece begins at {offset:,}.",
                next_step="Ask for the offset with HEAD, and go on from there.",
                extra={"offset": at},
            )
        while chunk := piece.read(_CHUNK_BYTES):
            if file.tell() + len(chunk) > upload.num_bytes:
                file.truncate(at)
                raise Problem(
                    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                    "upload_longer_than_announced",
                    f"The upload was announced with {upload.num_bytes:,} bytes.",
                    next_step="Begin another upload with the right length.",
                )
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
        at = file.tell()
    PartialUpload.objects.filter(pk=upload.pk).update(expires_at=timezone.now() + LIFETIME)
    return at


def finished(owner: User, ids: Sequence[UUID]) -> list[PartialUpload]:
    """The uploads of these ids, in their order.

    Raises: Problem: one is not there, or not complete.
    """
    uploads = []
    for pk in dict.fromkeys(ids):
        try:
            upload = own_upload(owner, pk)
        except Http404:
            raise Problem(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                "upload_not_found",
                f"There is no upload {pk}; it may have expired.",
                next_step="Send the file again.",
            ) from None
        if offset_of(upload) != upload.num_bytes:
            raise Problem(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                "upload_incomplete",
                f"{offset_of(upload):,} of {upload.num_bytes:,} bytes of {upload.name} are here.",
                next_step="Send the rest first.",
            )
        uploads.append(upload)
    return uploads


def discard(uploads: Sequence[PartialUpload]) -> None:
    """Rows first: a file without a row is swept, a row without a file would be in the way."""
    PartialUpload.objects.filter(pk__in=[upload.pk for upload in uploads]).delete()
    for upload in uploads:
        path_of(upload).unlink(missing_ok=True)


def sweep() -> int:
    """Delete what has expired, and files that no row knows; how many there were."""
    expired = list(PartialUpload.objects.filter(expires_at__lte=timezone.now()))
    discard(expired)
    oldest_s = (timezone.now() - LIFETIME).timestamp()
    known = {str(pk) for pk in PartialUpload.objects.values_list("pk", flat=True)}
    strays = [
        path
        for path in _folder().glob("*.part")
        if path.stem not in known and path.stat().st_mtime < oldest_s
    ]
    for path in strays:
        path.unlink(missing_ok=True)
    if expired or strays:
        logger.info("deleted %d expired uploads", len(expired) + len(strays))
    return len(expired) + len(strays)


def checksum(algorithm: str, piece: BinaryIO) -> bytes:
    """Of all that is left of `piece`, which is then where it was."""
    start = piece.tell()
    digest = hashlib.new(algorithm)
    while chunk := piece.read(_CHUNK_BYTES):
        digest.update(chunk)
    piece.seek(start)
    return digest.digest()


@contextmanager
def _locked(upload: PartialUpload) -> Iterator[BinaryIO]:
    with path_of(upload).open("r+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Problem(
                HTTPStatus.LOCKED,
                "upload_locked",
                "Another request is adding to this upload.",
                next_step="Try again in a moment.",
            ) from None
        yield file


def _folder() -> Path:
    return Path(settings.UPLOAD_DIR) / "parts"
