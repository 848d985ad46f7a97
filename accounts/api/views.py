"""Access and refresh tokens."""

from http import HTTPStatus

from drf_spectacular.utils import extend_schema
from rest_framework import permissions
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import ScopedRateThrottle
from rest_framework.views import APIView
from rest_framework_simplejwt.exceptions import InvalidToken, TokenError
from rest_framework_simplejwt.tokens import RefreshToken
from rest_framework_simplejwt.views import TokenObtainPairView, TokenRefreshView

from accounts.api.serializers import LogoutSerializer, SafeTokenRefreshSerializer


@extend_schema(tags=["auth"], summary="Log in: user name and password for tokens")
class ObtainToken(TokenObtainPairView):
    throttle_classes = [ScopedRateThrottle]
    throttle_scope = "login"


@extend_schema(tags=["auth"], summary="A new access token; the refresh token is replaced")
class RefreshAccess(TokenRefreshView):
    serializer_class = SafeTokenRefreshSerializer


class LogOut(APIView):
    permission_classes = [permissions.AllowAny]
    authentication_classes = []

    def get_authenticate_header(self, request: Request) -> str:
        """Without an authenticator, the framework would turn 401 into 403."""
        return 'Bearer realm="api"'

    @extend_schema(
        tags=["auth"],
        summary="End a refresh token",
        request=LogoutSerializer,
        responses={HTTPStatus.NO_CONTENT: None},
    )
    def post(self, request: Request) -> Response:
        serializer = LogoutSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        try:
            RefreshToken(serializer.validated_data["refresh"]).blacklist()
        except TokenError as error:
            raise InvalidToken({"detail": "The token is not valid."}) from error
        return Response(status=HTTPStatus.NO_CONTENT)
