"""The API of what is served: thin doors over services."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, cast

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import generics
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.public import User
from mlops import services
from mlops.api.serializers import (
    CandidateSerializer,
    ConfigurationSerializer,
    ReasonSerializer,
    RollBackSerializer,
)
from mlops.models import Candidate, Configuration
from scene3d.http.pagination import NewestFirst
from scene3d.http.permissions import MayView

_CANDIDATES = Candidate.objects.select_related("experiment", "proposed_by").prefetch_related(
    "configurations"
)
_CONFIGURATIONS = Configuration.objects.select_related("candidate", "restores")
_NEW_CONFIGURATION = {HTTPStatus.CREATED: ConfigurationSerializer}


class NewestVersionFirst(NewestFirst):
    """The newest is the active one."""

    ordering = "-version"


@extend_schema_view(get=extend_schema(tags=["serving"], summary="Candidates, the newest first"))
class CandidateList(generics.ListAPIView[Candidate]):
    queryset = _CANDIDATES
    serializer_class = CandidateSerializer
    pagination_class = NewestFirst
    filterset_fields = ("state", "preset", "experiment")
    permission_classes = [MayView]
    permission = "mlops.view_candidate"


@extend_schema_view(get=extend_schema(tags=["serving"], summary="One candidate"))
class CandidateDetail(generics.RetrieveAPIView[Candidate]):
    queryset = _CANDIDATES
    serializer_class = CandidateSerializer
    permission_classes = [MayView]
    permission = "mlops.view_candidate"


class _CandidateAct(APIView):
    permission_classes = [MayView]
    permission = "mlops.view_candidate"


class PromoteCandidate(_CandidateAct):
    @extend_schema(
        tags=["serving"],
        summary="Serve a candidate from now on, as a new configuration",
        request=ReasonSerializer,
        responses=_NEW_CONFIGURATION,
    )
    def post(self, request: Request, pk: int) -> Response:
        candidate = generics.get_object_or_404(_CANDIDATES, pk=pk)
        return _created(
            request, services.promote(candidate, _person(request), _values(request)["reason"])
        )


class ProposeCandidate(_CandidateAct):
    @extend_schema(
        tags=["serving"],
        summary="Propose a candidate: somebody else can then promote it",
        request=ReasonSerializer,
        responses=CandidateSerializer,
    )
    def post(self, request: Request, pk: int) -> Response:
        return _decide(request, pk, services.propose)


class RejectCandidate(_CandidateAct):
    @extend_schema(
        tags=["serving"],
        summary="Reject a candidate that waits",
        request=ReasonSerializer,
        responses=CandidateSerializer,
    )
    def post(self, request: Request, pk: int) -> Response:
        return _decide(request, pk, services.reject)


@extend_schema_view(
    get=extend_schema(tags=["serving"], summary="Configurations, the active one first")
)
class ConfigurationList(generics.ListAPIView[Configuration]):
    queryset = _CONFIGURATIONS
    serializer_class = ConfigurationSerializer
    pagination_class = NewestVersionFirst
    permission_classes = [MayView]
    permission = "mlops.view_configuration"


@extend_schema_view(get=extend_schema(tags=["serving"], summary="One configuration"))
class ConfigurationDetail(generics.RetrieveAPIView[Configuration]):
    queryset = _CONFIGURATIONS
    serializer_class = ConfigurationSerializer
    permission_classes = [MayView]
    permission = "mlops.view_configuration"


class RollBack(APIView):
    permission_classes = [MayView]
    permission = "mlops.view_configuration"

    @extend_schema(
        tags=["serving"],
        summary="Serve an earlier configuration again, as a new one",
        request=RollBackSerializer,
        responses=_NEW_CONFIGURATION,
    )
    def post(self, request: Request) -> Response:
        values = _values(request, RollBackSerializer)
        return _created(
            request, services.roll_back(values.get("version"), _person(request), values["reason"])
        )


def _decide(request: Request, pk: int, act: Callable[[Candidate, User, str], None]) -> Response:
    candidate = generics.get_object_or_404(_CANDIDATES, pk=pk)
    act(candidate, _person(request), _values(request)["reason"])
    return Response(CandidateSerializer(candidate, context={"request": request}).data)


def _created(request: Request, configuration: Configuration) -> Response:
    body = ConfigurationSerializer(configuration, context={"request": request}).data
    return Response(body, status=HTTPStatus.CREATED, headers={"Location": body["url"]})


def _values(
    request: Request, serializer: type[ReasonSerializer] = ReasonSerializer
) -> dict[str, Any]:
    """Raises: ValidationError."""
    checked = serializer(data=request.data)
    checked.is_valid(raise_exception=True)
    return dict(checked.validated_data)


def _person(request: Request) -> User:
    return cast("User", request.user)
