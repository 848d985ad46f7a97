"""Access and refresh tokens: thin doors over tokens."""

from http import HTTPStatus

from django.contrib.auth import authenticate
from django.contrib.auth.signals import user_logged_in
from drf_spectacular.utils import extend_schema
from rest_framework import permissions, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework_simplejwt.exceptions import AuthenticationFailed

from accounts import tokens
from accounts.api.serializers import CredentialsSerializer, PairSerializer, RefreshSerializer
from accounts.models import User


class _Open(APIView):
    """Whoever has no token yet, or no longer."""

    permission_classes = [permissions.AllowAny]
    authentication_classes = []

    def get_authenticate_header(self, request: Request) -> str:
        """Without an authenticator, the framework would turn 401 into 403."""
        return 'Bearer realm="api"'


class ObtainToken(_Open):
    throttle_scope = "login"

    @extend_schema(
        tags=["auth"],
        summary="Log in: user name and password for tokens",
        request=CredentialsSerializer,
        responses=PairSerializer,
    )
    def post(self, request: Request) -> Response:
        """One answer for whatever is wrong: it does not tell who has an account."""
        asked = request._request  # noqa: SLF001  # backends want Django's
        user = authenticate(asked, **_checked(CredentialsSerializer, request))
        if not isinstance(user, User):
            raise AuthenticationFailed(
                "No active account found with the given credentials", "no_active_account"
            )
        user_logged_in.send(User, request=asked, user=user)
        return Response(tokens.issue(user))


class RefreshAccess(_Open):
    @extend_schema(
        tags=["auth"],
        summary="A new access token; the refresh token is replaced",
        description="A refresh token works once. One that comes a second time ends all that"
        " followed it: log in again then.",
        request=RefreshSerializer,
        responses=PairSerializer,
    )
    def post(self, request: Request) -> Response:
        return Response(tokens.rotate(_checked(RefreshSerializer, request)["refresh"]))


class LogOut(_Open):
    @extend_schema(
        tags=["auth"],
        summary="End a refresh token, and those that followed it",
        request=RefreshSerializer,
        responses={HTTPStatus.NO_CONTENT: None},
    )
    def post(self, request: Request) -> Response:
        tokens.end(_checked(RefreshSerializer, request)["refresh"])
        return Response(status=HTTPStatus.NO_CONTENT)


def _checked(
    serializer_class: type[serializers.Serializer[None]], request: Request
) -> dict[str, str]:
    """Raises: ValidationError."""
    serializer = serializer_class(data=request.data)
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)
