"""The API of drift: thin doors over state and services."""

from typing import Any, cast

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import generics
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.public import User
from drift import services
from drift.api.serializers import (
    ActivateSerializer,
    BaselineDetailSerializer,
    BaselineSerializer,
    ServiceStateSerializer,
)
from drift.models import Baseline
from drift.state import current_state
from scene3d.http.pagination import NewestFirst
from scene3d.http.permissions import MayView


@extend_schema_view(get=extend_schema(tags=["drift"], summary="Baselines, the newest first"))
class BaselineList(generics.ListAPIView[Baseline]):
    queryset = Baseline.objects.all()
    serializer_class = BaselineSerializer
    pagination_class = NewestFirst
    permission_classes = [MayView]
    permission = "drift.view_baseline"


@extend_schema_view(get=extend_schema(tags=["drift"], summary="One baseline"))
class BaselineDetail(generics.RetrieveAPIView[Baseline]):
    queryset = Baseline.objects.all()
    serializer_class = BaselineDetailSerializer
    permission_classes = [MayView]
    permission = "drift.view_baseline"


class ActivateBaseline(APIView):
    permission_classes = [MayView]
    permission = "drift.view_baseline"

    @extend_schema(
        tags=["drift"],
        summary="Compare uploads with this baseline from now on",
        request=ActivateSerializer,
        responses=BaselineSerializer,
    )
    def post(self, request: Request, pk: int) -> Response:
        baseline = generics.get_object_or_404(Baseline, pk=pk)
        checked = ActivateSerializer(data=request.data)
        checked.is_valid(raise_exception=True)
        values: dict[str, Any] = checked.validated_data
        services.activate(baseline, cast("User", request.user), values["reason"])
        return Response(BaselineSerializer(baseline, context={"request": request}).data)


class ServiceDrift(APIView):
    permission_classes = [MayView]
    permission = "drift.view_window"

    @extend_schema(
        tags=["drift"],
        summary="What has changed about photos and outcomes of the last jobs",
        responses=ServiceStateSerializer,
    )
    def get(self, request: Request) -> Response:
        return Response(ServiceStateSerializer(current_state()).data)
