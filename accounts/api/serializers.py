"""Tokens over the wire."""

from typing import Any

from rest_framework import serializers
from rest_framework_simplejwt.exceptions import InvalidToken
from rest_framework_simplejwt.serializers import TokenRefreshSerializer
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.utils import get_md5_hash_password

from accounts.models import User


class SafeTokenRefreshSerializer(TokenRefreshSerializer):
    """simplejwt's answers 500 for a deleted user, and renews after a changed password."""

    def validate(self, attrs: dict[str, Any]) -> dict[str, str]:
        claims = self.token_class(attrs["refresh"]).payload
        user_id = claims.get(api_settings.USER_ID_CLAIM)
        user = User.objects.filter(pk=user_id).first() if user_id else None
        if user is None or claims.get(api_settings.REVOKE_TOKEN_CLAIM) != get_md5_hash_password(
            user.password
        ):
            raise InvalidToken({"detail": "The token is no longer valid."})
        return super().validate(attrs)


class LogoutSerializer(serializers.Serializer[Any]):
    refresh = serializers.CharField(help_text="The refresh token to end.")
