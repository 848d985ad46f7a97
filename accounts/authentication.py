"""Who sends a request of the API: `Api-Key s3d_…`, Bearer with the same, or an access token."""

from typing import Any

from drf_spectacular.contrib.rest_framework_simplejwt import SimpleJWTScheme
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.request import Request
from rest_framework_simplejwt.authentication import JWTAuthentication
from rest_framework_simplejwt.tokens import Token

from accounts.keys import MARK, find_key
from accounts.models import ApiKey, User
from accounts.tokens import has_ended
from scene3d.http.scopes import scope_of

_SCHEMES = ("api-key", "bearer")


class KeyAuthentication(BaseAuthentication):
    """Comes first: a key that lacks the scope ends the request, whatever else a view allows."""

    def authenticate(self, request: Request) -> tuple[User, ApiKey] | None:
        """Raises: AuthenticationFailed, PermissionDenied."""
        scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
        secret = secret.strip()
        if scheme.lower() not in _SCHEMES or not (
            secret.startswith(MARK) or scheme.lower() == _SCHEMES[0]
        ):
            return None
        key = find_key(secret)
        if key is None:
            raise AuthenticationFailed(
                "The API key is wrong, has expired or was revoked.", "api_key_not_valid"
            )
        scope = scope_of(request)
        if scope is None:
            raise PermissionDenied("No API key opens this.", "scope_missing")
        if scope not in key.scopes:
            raise PermissionDenied(f"This API key lacks the scope {scope}.", "scope_missing")
        return key.user, key

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'


class TokenAuthentication(JWTAuthentication):
    """Access tokens, until they run out or their family ends."""

    def get_user(self, validated_token: Token) -> Any:
        """Raises: AuthenticationFailed."""
        user = super().get_user(validated_token)
        if has_ended(validated_token):
            raise AuthenticationFailed("The token is no longer valid.", "token_not_valid")
        return user


class TokenScheme(SimpleJWTScheme):  # type: ignore[no-untyped-call]  # its metaclass registers it
    target_class = "accounts.authentication.TokenAuthentication"


class KeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # its metaclass registers it
    """How the API's description names it."""

    target_class = KeyAuthentication
    name = "apiKeyAuth"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "Api-Key, a blank and a key from the portal. An operation that reads"
            " needs the scope `…:read` of its part, any other `…:write`.",
        }
