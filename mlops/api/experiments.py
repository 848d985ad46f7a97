"""The experiments API: thin doors over submission."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import generics
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.public import User
from mlops import submission
from mlops.access import may_operate
from mlops.api.experiment_serializers import (
    ExperimentDetailSerializer,
    ExperimentSerializer,
    StartSerializer,
)
from mlops.models import Experiment
from scene3d.http.pagination import NewestFirst

_ACCEPTED = {HTTPStatus.ACCEPTED: ExperimentDetailSerializer}


class MayOperate(BasePermission):
    """Staff and operators; for others there is nothing here."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Raises: Http404."""
        if not isinstance(request.user, User):
            return False
        if not may_operate(request.user):
            raise Http404
        return True


@extend_schema_view(get=extend_schema(tags=["experiments"], summary="The newest first"))
class ExperimentList(generics.ListAPIView[Experiment]):
    serializer_class = ExperimentSerializer
    pagination_class = NewestFirst
    permission_classes = [MayOperate]
    filterset_fields = ("state", "trigger", "data_hash")

    def get_queryset(self) -> QuerySet[Experiment]:
        return Experiment.objects.select_related("started_by")

    @extend_schema(
        tags=["experiments"],
        summary="Start an experiment; one of the same spec that has not come to its end goes on",
        request=StartSerializer,
        responses=_ACCEPTED,
    )
    def post(self, request: Request) -> Response:
        serializer = StartSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        values = serializer.validated_data
        content = values.get("spec") or submission.parse_spec(values.get("spec_yaml", "{}"))
        return _accepted(
            request, submission.submit(content, values["data"], "api", _person(request))
        )


class ExperimentDetail(APIView):
    permission_classes = [MayOperate]

    @extend_schema(
        tags=["experiments"], summary="One experiment", responses=ExperimentDetailSerializer
    )
    def get(self, request: Request, pk: UUID) -> Response:
        return Response(_detail(request, _experiment(pk)))


class CancelExperiment(APIView):
    permission_classes = [MayOperate]

    @extend_schema(
        tags=["experiments"],
        summary="Cancel a waiting or running experiment",
        request=None,
        responses=_ACCEPTED,
    )
    def post(self, request: Request, pk: UUID) -> Response:
        experiment = _experiment(pk)
        submission.cancel(experiment)
        return _accepted(request, experiment)


class RunExperimentAgain(APIView):
    permission_classes = [MayOperate]

    @extend_schema(
        tags=["experiments"],
        summary="Go on with one that failed or was cancelled; of one that is done, start a new one",
        request=None,
        responses=_ACCEPTED,
    )
    def post(self, request: Request, pk: UUID) -> Response:
        return _accepted(request, submission.run_again(_experiment(pk), "api", _person(request)))


def _experiment(pk: UUID) -> Experiment:
    """Raises: Http404."""
    experiment = Experiment.objects.select_related("started_by").filter(pk=pk).first()
    if experiment is None:
        raise Http404
    return experiment


def _person(request: Request) -> User | None:
    return request.user if isinstance(request.user, User) else None


def _detail(request: Request, experiment: Experiment) -> dict[str, Any]:
    return dict(ExperimentDetailSerializer(experiment, context={"request": request}).data)


def _accepted(request: Request, experiment: Experiment) -> Response:
    body = _detail(request, experiment)
    return Response(body, status=HTTPStatus.ACCEPTED, headers={"Location": body["url"]})
