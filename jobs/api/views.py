"""The jobs API: thin doors over services."""

from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, cast
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import generics
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.public import User
from jobs import exports, feedback, partial_uploads, services
from jobs.access import own_job, own_jobs
from jobs.api.filters import JobFilter
from jobs.api.serializers import (
    ExportSerializer,
    FeedbackSerializer,
    JobDetailSerializer,
    JobSerializer,
    PhotoSerializer,
    PresetSerializer,
    ScaleSerializer,
    UploadSerializer,
    feedback_of,
)
from jobs.models import Job
from jobs.presets import offered_presets
from jobs.serving import picture_file, result_file
from jobs.submission import Request as SubmissionRequest
from jobs.submission import job_of_key, submit
from jobs.upload_models import PartialUpload
from jobs.uploads import Arrived, receive, sort_out
from jobs.workers import capabilities
from scene3d.engine.public import FORMATS
from scene3d.http.files import serve
from scene3d.http.pagination import NewestFirst
from scene3d.http.problem import Problem

_ACCEPTED_JOB = {HTTPStatus.ACCEPTED: JobDetailSerializer}


@extend_schema_view(get=extend_schema(tags=["jobs"], summary="Your jobs, the newest first"))
class JobList(generics.ListAPIView[Job]):
    serializer_class = JobSerializer
    pagination_class = NewestFirst
    filterset_class = JobFilter
    parser_classes = [MultiPartParser]

    @property
    def throttle_scope(self) -> str | None:
        return "upload" if self.request.method == "POST" else None

    def get_queryset(self) -> QuerySet[Job]:
        return own_jobs(self.request)

    @extend_schema(
        tags=["jobs"],
        summary="Upload photos and queue a job for them",
        request={"multipart/form-data": UploadSerializer},
        parameters=[
            OpenApiParameter(
                "Idempotency-Key",
                str,
                OpenApiParameter.HEADER,
                description="Sent again with the same request, it gives the same job.",
            )
        ],
        responses=_ACCEPTED_JOB,
    )
    def post(self, request: Request) -> Response:
        serializer = UploadSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        values = serializer.validated_data
        wanted = SubmissionRequest(
            name=values.get("name", ""),
            preset=values.get("preset"),
            options=values.get("options") or {},
            idempotency_key=request.headers.get("Idempotency-Key"),
        )
        owner = cast("User", request.user)
        try:
            pieces = partial_uploads.finished(owner, values.get("uploads", []))
        except Problem:  # an earlier request, whose answer was lost, may have used them up
            if (earlier := job_of_key(owner, wanted.idempotency_key)) is None:
                raise
            return _accepted(request, earlier)
        archive, photos = _arrived(values, pieces)
        with receive(archive, photos, archive_sha256=values.get("archive_sha256", "")) as upload:
            job = submit(owner, upload, wanted, pieces)
        return _accepted(request, job)


class JobDetail(APIView):
    @extend_schema(tags=["jobs"], summary="One job", responses=JobDetailSerializer)
    def get(self, request: Request, pk: UUID) -> Response:
        return Response(_detail(request, own_job(request, pk)))

    @extend_schema(
        tags=["jobs"],
        summary="Delete a job that does not run, with its photos and result",
        responses={HTTPStatus.NO_CONTENT: None},
    )
    def delete(self, request: Request, pk: UUID) -> Response:
        services.delete(own_job(request, pk))
        return Response(status=HTTPStatus.NO_CONTENT)

    @extend_schema(
        tags=["jobs"],
        summary="Say how large a finished model is: downloads are in metres from then on",
        request=ScaleSerializer,
        responses=JobDetailSerializer,
    )
    def patch(self, request: Request, pk: UUID) -> Response:
        job = own_job(request, pk)
        serializer = ScaleSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        services.set_scale(job, serializer.validated_data["metres_per_unit"])
        return Response(_detail(request, job))


class CancelJob(APIView):
    @extend_schema(
        tags=["jobs"],
        summary="Cancel a waiting or running job",
        request=None,
        responses=_ACCEPTED_JOB,
    )
    def post(self, request: Request, pk: UUID) -> Response:
        return _act(request, pk, services.request_cancel)


class RetryJob(APIView):
    @extend_schema(
        tags=["jobs"],
        summary="Try a failed or cancelled job again",
        request=None,
        responses=_ACCEPTED_JOB,
    )
    def post(self, request: Request, pk: UUID) -> Response:
        return _act(request, pk, services.retry)


class JobFeedback(APIView):
    @extend_schema(
        tags=["jobs"],
        summary="Say whether you like a result; a second time changes it",
        request=FeedbackSerializer,
        responses=FeedbackSerializer,
    )
    def post(self, request: Request, pk: UUID) -> Response:
        job = own_job(request, pk)
        serializer = FeedbackSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        values = serializer.validated_data
        given = feedback.give(
            job,
            cast("User", request.user),
            is_up=values["thumb"] == "up",
            reason=values["reason"],
        )
        return Response(feedback_of(given))

    @extend_schema(
        tags=["jobs"],
        summary="Take back what you said of a result",
        responses={HTTPStatus.NO_CONTENT: None},
    )
    def delete(self, request: Request, pk: UUID) -> Response:
        feedback.take_back(own_job(request, pk), cast("User", request.user))
        return Response(status=HTTPStatus.NO_CONTENT)


class JobExport(APIView):
    @extend_schema(
        tags=["jobs"],
        summary="Have a file made of the result; artifacts/{name} has it once it is ready",
        parameters=[
            OpenApiParameter(
                "form",
                str,
                OpenApiParameter.PATH,
                enum=[name for name, form in FORMATS.items() if form.is_on_demand],
            )
        ],
        request=None,
        responses={HTTPStatus.ACCEPTED: ExportSerializer},
    )
    def post(self, request: Request, pk: UUID, form: str) -> Response:
        job = own_job(request, pk)
        if form not in FORMATS or not FORMATS[form].is_on_demand:
            raise Http404
        export = exports.request_export(job, FORMATS[form].file)
        body = ExportSerializer(export, context={"request": request}).data
        return Response(body, status=HTTPStatus.ACCEPTED, headers={"Location": body["url"]})


class JobPhotos(APIView):
    @extend_schema(
        tags=["jobs"],
        summary="A row per photo: placed or not, and why",
        responses=PhotoSerializer(many=True),
    )
    def get(self, request: Request, pk: UUID) -> Response:
        """Not paged: a job has hundreds of photos at most, and its page shows them all."""
        photos = own_job(request, pk).photos.all()
        return Response(PhotoSerializer(photos, many=True, context={"request": request}).data)


class JobArtifact(APIView):
    @extend_schema(
        tags=["jobs"],
        summary="A file of the result; ETag and Range are honoured",
        parameters=[
            OpenApiParameter(
                "units",
                str,
                enum=["model"],
                description="model: as it was made, even if the job has a scale.",
            )
        ],
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY},
    )
    def get(self, request: Request, pk: UUID, name: str) -> HttpResponseBase:
        job = own_job(request, pk)
        wants_metres = request.query_params.get("units") != "model"
        return serve(request, result_file(job, name, wants_metres=wants_metres))


class JobPicture(APIView):
    @extend_schema(
        tags=["jobs"],
        summary="A photo, small (thumbnail) or screen-sized (preview)",
        parameters=[
            OpenApiParameter("kind", str, OpenApiParameter.PATH, enum=["thumbnail", "preview"])
        ],
        responses={(200, "image/jpeg"): OpenApiTypes.BINARY},
    )
    def get(self, request: Request, pk: UUID, index: int, kind: str) -> HttpResponseBase:
        return serve(request, picture_file(own_job(request, pk), index, kind))


class Capabilities(APIView):
    @extend_schema(
        tags=["server"],
        summary="What this server can run, as its workers found out",
        responses=OpenApiTypes.OBJECT,
    )
    def get(self, request: Request) -> Response:
        return Response(capabilities())


class PresetList(APIView):
    @extend_schema(
        tags=["server"],
        summary="The presets on offer, with licences",
        responses=PresetSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        context = {"available": capabilities()["presets"]}
        return Response(PresetSerializer(offered_presets(), many=True, context=context).data)


def _arrived(
    values: Mapping[str, Any], pieces: Sequence[PartialUpload]
) -> tuple[Arrived | None, list[Arrived]]:
    """The files of a request, and of uploads that it names."""
    uploaded = [Arrived(name=piece.name, path=partial_uploads.path_of(piece)) for piece in pieces]
    archive, photos = sort_out(uploaded)
    photos += [Arrived.in_request(photo) for photo in values.get("photos", [])]
    if (sent := values.get("archive")) is not None:
        if archive is not None:
            photos.append(archive)  # two archives: refused as ambiguous
        archive = Arrived.in_request(sent)
    return archive, photos


def _act(request: Request, pk: UUID, act: Callable[[Job], None]) -> Response:
    job = own_job(request, pk)
    act(job)
    return _accepted(request, job)


def _accepted(request: Request, job: Job) -> Response:
    body = _detail(request, job)
    return Response(body, status=HTTPStatus.ACCEPTED, headers={"Location": body["url"]})


def _detail(request: Request, job: Job) -> dict[str, Any]:
    return dict(JobDetailSerializer(job, context={"request": request}).data)
