"""Tokens over the wire."""

from typing import Any

from rest_framework import serializers


class CredentialsSerializer(serializers.Serializer[Any]):
    username = serializers.CharField(write_only=True, max_length=150)
    password = serializers.CharField(write_only=True, max_length=4096, trim_whitespace=False)


class RefreshSerializer(serializers.Serializer[Any]):
    refresh = serializers.CharField(help_text="The refresh token.")


class PairSerializer(serializers.Serializer[Any]):
    access = serializers.CharField(help_text="For Authorization: Bearer …; lives for minutes.")
    refresh = serializers.CharField(help_text="For the next pair; works once.")
