"""The API of alerts: Alertmanager's door, and that of the people who look after them."""

from datetime import timedelta
from http import HTTPStatus
from typing import IO, Any, cast

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import generics
from rest_framework.authentication import BaseAuthentication
from rest_framework.parsers import BaseParser
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.public import User
from mlops import alerts
from mlops.alert_errors import AlertsNotTaken, AlertTokenWrong
from mlops.alert_history import all_alerts
from mlops.alert_messages import MAX_BYTES, NotificationTooLarge, parse_notification
from mlops.api.alert_serializers import (
    AlertSerializer,
    NotificationSerializer,
    ReceptionSerializer,
    SilenceSerializer,
)
from mlops.api.experiment_serializers import ExperimentDetailSerializer
from mlops.api.experiments import MayOperate
from mlops.models import Alert
from scene3d.http.bearer import shows_token
from scene3d.http.pagination import NewestFirst


class LatestFirst(NewestFirst):
    ordering = "-received_at"


class FromAlertmanager(BasePermission):
    """Whoever knows the token; nobody where there is none."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Raises: AlertsNotTaken, AlertTokenWrong."""
        if not settings.ALERTS_TOKEN:
            raise AlertsNotTaken
        if not shows_token(cast("HttpRequest", request), settings.ALERTS_TOKEN):
            raise AlertTokenWrong
        return True


class BoundedBytes(BaseParser):
    """The body as it is, and no more of it than a notification has."""

    media_type = "application/json"

    def parse(
        self, stream: IO[bytes], media_type: Any = None, parser_context: Any = None
    ) -> dict[str, bytes]:
        """Raises: NotificationTooLarge."""
        body = stream.read(MAX_BYTES + 1)
        if len(body) > MAX_BYTES:
            raise NotificationTooLarge
        return {"body": body}


@extend_schema_view(get=extend_schema(tags=["alerts"], summary="Alerts, the latest first"))
class AlertList(generics.ListAPIView[Alert]):
    serializer_class = AlertSerializer
    pagination_class = LatestFirst
    filterset_fields = ("state", "name")
    parser_classes = [BoundedBytes]

    def get_queryset(self) -> QuerySet[Alert]:
        return all_alerts().prefetch_related("events")

    def get_authenticators(self) -> list[BaseAuthentication]:
        """Alertmanager's token is none of ours."""
        return [] if _is_notification(self.request) else super().get_authenticators()

    def get_permissions(self) -> list[Any]:
        return [FromAlertmanager()] if _is_notification(self.request) else [MayOperate()]

    @extend_schema(
        tags=["alerts"],
        summary="Alertmanager's webhook, version 4; Bearer SCENE3D_ALERTS_TOKEN",
        request=NotificationSerializer,
        responses=ReceptionSerializer,
    )
    def post(self, request: Request) -> Response:
        body = cast("dict[str, bytes]", request.data).get("body", b"")
        reception = alerts.receive(parse_notification(body))
        return Response(ReceptionSerializer(reception).data)


@extend_schema_view(get=extend_schema(tags=["alerts"], summary="One alert with its history"))
class AlertDetail(generics.RetrieveAPIView[Alert]):
    serializer_class = AlertSerializer
    permission_classes = [MayOperate]
    queryset = all_alerts().prefetch_related("events")


class _AlertAct(APIView):
    permission_classes = [MayOperate]


class AcknowledgeAlert(_AlertAct):
    @extend_schema(
        tags=["alerts"], summary="Say that you know of it", request=None, responses=AlertSerializer
    )
    def post(self, request: Request, pk: int) -> Response:
        alert = _alert(pk)
        alerts.acknowledge(alert, _person(request))
        return _answer(request, alert)


class SilenceAlert(_AlertAct):
    @extend_schema(
        tags=["alerts"],
        summary="For a while, alerts of this name start no experiment",
        request=SilenceSerializer,
        responses=AlertSerializer,
    )
    def post(self, request: Request, pk: int) -> Response:
        checked = SilenceSerializer(data=request.data)
        checked.is_valid(raise_exception=True)
        alert, values = _alert(pk), checked.validated_data
        duration = timedelta(hours=min(values["hours"], 1e6))
        alerts.silence(alert, _person(request), duration=duration, reason=values["reason"])
        return _answer(request, alert)


class LiftSilence(_AlertAct):
    @extend_schema(
        tags=["alerts"], summary="End a silence", request=None, responses=AlertSerializer
    )
    def post(self, request: Request, pk: int) -> Response:
        alert = _alert(pk)
        alerts.lift_silence(alert, _person(request))
        return _answer(request, alert)


class StartForAlert(_AlertAct):
    @extend_schema(
        tags=["alerts"],
        summary="Start the experiment that answers it, now",
        request=None,
        responses={HTTPStatus.ACCEPTED: ExperimentDetailSerializer},
    )
    def post(self, request: Request, pk: int) -> Response:
        experiment = alerts.start(_alert(pk), _person(request))
        body = ExperimentDetailSerializer(experiment, context={"request": request}).data
        return Response(body, status=HTTPStatus.ACCEPTED, headers={"Location": body["url"]})


def _is_notification(request: Any) -> bool:
    """Without a request, the API is being described."""
    return request is not None and request.method == "POST"


def _alert(pk: int) -> Alert:
    """Raises: Http404."""
    return generics.get_object_or_404(all_alerts(), pk=pk)


def _answer(request: Request, alert: Alert) -> Response:
    return Response(AlertSerializer(alert, context={"request": request}).data)


def _person(request: Request) -> User:
    return cast("User", request.user)
