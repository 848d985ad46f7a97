"""Resumable uploads: tus 1.0 with creation, expiration, checksum and termination.

Source: tus.io, resumable upload protocol 1.0.x.
"""

import binascii
import io
import tempfile
from base64 import b64decode
from collections.abc import Mapping
from email.utils import format_datetime
from http import HTTPStatus
from typing import IO, Any, BinaryIO, cast
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.parsers import BaseParser
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from accounts.public import User
from jobs import partial_uploads
from jobs.upload_models import PartialUpload
from scene3d.http.problem import CONTENT_TYPE, Problem

VERSION = "1.0.0"
_EXTENSIONS = "creation,expiration,checksum,termination"
_ALGORITHMS = ("sha1", "sha256")
_CHECKSUM_MISMATCH = 460
_TUS = OpenApiParameter(
    "Tus-Resumable", str, OpenApiParameter.HEADER, required=True, enum=[VERSION]
)
_OFFSET = OpenApiParameter("Upload-Offset", int, OpenApiParameter.HEADER, required=True)


class PieceParser(BaseParser):
    """Leaves the body to the view."""

    media_type = "application/offset+octet-stream"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        return stream


class _TusView(APIView):
    permission_classes = [IsAuthenticated]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Raises: Problem, for another version of the protocol."""
        super().initial(request, *args, **kwargs)
        if request.method != "OPTIONS" and request.headers.get("Tus-Resumable") != VERSION:
            problem = Problem(
                HTTPStatus.PRECONDITION_FAILED,
                "tus_version_unsupported",
                f"This server speaks tus {VERSION}.",
                next_step=f"Send Tus-Resumable: {VERSION}.",
            )
            problem.headers["Tus-Version"] = VERSION
            raise problem

    def finalize_response(
        self, request: Request, response: Response, *args: Any, **kwargs: Any
    ) -> Response:
        response.headers["Tus-Resumable"] = VERSION
        response.headers["Cache-Control"] = "no-store"
        return super().finalize_response(request, response, *args, **kwargs)


class UploadList(_TusView):
    @extend_schema(exclude=True)
    def options(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Response:
        return Response(
            status=HTTPStatus.NO_CONTENT,
            headers={
                "Tus-Version": VERSION,
                "Tus-Extension": _EXTENSIONS,
                "Tus-Max-Size": str(settings.MAX_UPLOAD_BYTES),
                "Tus-Checksum-Algorithm": ",".join(_ALGORITHMS),
            },
        )

    @extend_schema(
        tags=["uploads"],
        summary="Announce a file that is to arrive in pieces (tus creation)",
        parameters=[
            _TUS,
            OpenApiParameter("Upload-Length", int, OpenApiParameter.HEADER, required=True),
            OpenApiParameter(
                "Upload-Metadata",
                str,
                OpenApiParameter.HEADER,
                required=True,
                description="`filename` and its name in Base64.",
            ),
        ],
        request=None,
        responses={HTTPStatus.CREATED: None},
    )
    def post(self, request: Request) -> Response:
        num_bytes = _number(request, "Upload-Length")
        name = _file_name(request.headers.get("Upload-Metadata", ""))
        upload = partial_uploads.begin(cast("User", request.user), name, num_bytes)
        location = reverse("api:upload-detail", args=[upload.pk], request=request)
        headers = {"Location": location, **_progress(upload)}
        return Response(status=HTTPStatus.CREATED, headers=headers)


class UploadDetail(_TusView):
    parser_classes = [PieceParser]

    @extend_schema(exclude=True)
    def head(self, request: Request, pk: UUID) -> Response:
        upload = partial_uploads.own_upload(request.user, pk)
        return Response(
            headers={"Upload-Length": str(upload.num_bytes), **_progress(upload)},
        )

    @extend_schema(
        tags=["uploads"],
        summary="Add a piece; HEAD tells how far the upload has come (tus core, checksum)",
        parameters=[
            _TUS,
            _OFFSET,
            OpenApiParameter(
                "Upload-Checksum",
                str,
                OpenApiParameter.HEADER,
                description="sha1 or sha256, a blank, the digest in Base64; 460 if it differs.",
            ),
        ],
        request={PieceParser.media_type: OpenApiTypes.BINARY},
        responses={HTTPStatus.NO_CONTENT: None},
    )
    def patch(self, request: Request, pk: UUID) -> Response:
        upload = partial_uploads.own_upload(request.user, pk)
        offset = _number(request, "Upload-Offset")
        with tempfile.TemporaryFile(dir=settings.UPLOAD_DIR) as whole:
            body = request.data  # nothing at all is an empty form
            piece = cast("BinaryIO", body if hasattr(body, "read") else io.BytesIO())
            expected = _checksum(request)
            if expected is not None:
                piece = _copied(piece, cast("BinaryIO", whole))
                if partial_uploads.checksum(expected[0], piece) != expected[1]:
                    return _checksum_mismatch(request)
            partial_uploads.append(upload, offset, piece)
        upload.refresh_from_db()
        return Response(status=HTTPStatus.NO_CONTENT, headers=_progress(upload))

    @extend_schema(
        tags=["uploads"],
        summary="Give an upload up (tus termination)",
        parameters=[_TUS],
        responses={HTTPStatus.NO_CONTENT: None},
    )
    def delete(self, request: Request, pk: UUID) -> Response:
        partial_uploads.discard([partial_uploads.own_upload(request.user, pk)])
        return Response(status=HTTPStatus.NO_CONTENT)


def _progress(upload: PartialUpload) -> dict[str, str]:
    return {
        "Upload-Offset": str(partial_uploads.offset_of(upload)),
        "Upload-Expires": format_datetime(upload.expires_at, usegmt=True),
    }


def _number(request: Request, header: str) -> int:
    text = request.headers.get(header, "")
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise _header_invalid(header, "must be a number of bytes")
    return int(text)


def _file_name(metadata: str) -> str:
    pairs = dict(pair.strip().partition(" ")[::2] for pair in metadata.split(","))
    try:
        name = b64decode(pairs.get("filename", ""), validate=True).decode()
    except (binascii.Error, ValueError):
        name = ""
    name = "".join(character for character in name if character.isprintable())
    name = name.replace("\\", "/").rpartition("/")[2]
    if not name:
        raise _header_invalid("Upload-Metadata", "must hold filename and its name in Base64")
    return name


def _checksum(request: Request) -> tuple[str, bytes] | None:
    text = request.headers.get("Upload-Checksum")
    if text is None:
        return None
    algorithm, _, encoded = text.partition(" ")
    try:
        digest = b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        digest = b""
    if algorithm not in _ALGORITHMS or not digest:
        raise _header_invalid("Upload-Checksum", "must be sha1 or sha256 and a digest in Base64")
    return algorithm, digest


def _copied(piece: BinaryIO, whole: BinaryIO) -> BinaryIO:
    """A request's body cannot be read twice."""
    while chunk := piece.read(1 << 20):
        whole.write(chunk)
    whole.seek(0)
    return whole


def _header_invalid(header: str, rule: str) -> Problem:
    return Problem(
        HTTPStatus.BAD_REQUEST,
        "header_invalid",
        f"{header} {rule}.",
        next_step="Send it as tus 1.0 has it.",
    )


def _checksum_mismatch(request: Request) -> Response:
    """tus has a status of its own for this, which HTTPStatus does not know."""
    problem = Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "checksum_mismatch",
        "The piece that arrived is not the one that was announced; it was not kept.",
        next_step="Send it again.",
    )
    document = problem.document(getattr(request, "request_id", None))
    return Response(
        document | {"status": _CHECKSUM_MISMATCH, "title": "Checksum Mismatch"},
        status=_CHECKSUM_MISMATCH,
        content_type=CONTENT_TYPE,
    )
