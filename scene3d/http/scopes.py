"""Which part of the API a request is for: what API keys are made for, and what is throttled."""

from collections.abc import Mapping

from django.http import HttpRequest
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request

READ, WRITE = "read", "write"
_API = "api/v1/"
AREAS: Mapping[str, str] = {
    "jobs": "jobs",
    "uploads": "jobs",
    "capabilities": "jobs",
    "presets": "jobs",
    "experiments": "experiments",
    "candidates": "serving",
    "configurations": "serving",
    "drift": "drift",
    "baselines": "drift",
    "alerts": "alerts",
}
"""By the first part of an address below /api/v1/. What is not here is closed to API keys."""
SCOPES: Mapping[str, str] = {
    "jobs:read": "See jobs and download results",
    "jobs:write": "Upload photos; cancel, change and delete jobs",
    "experiments:read": "See experiments",
    "experiments:write": "Start and cancel experiments",
    "serving:read": "See candidates and configurations",
    "serving:write": "Propose, promote, reject, roll back",
    "drift:read": "See drift and baselines",
    "drift:write": "Activate baselines",
    "alerts:read": "See alerts",
    "alerts:write": "Acknowledge and silence alerts, start what answers them",
}


def area_of(request: HttpRequest | Request) -> str | None:
    """None outside the parts that `AREAS` knows."""
    match = request.resolver_match
    if match is None or not match.route.startswith(_API):
        return None
    return AREAS.get(match.route.removeprefix(_API).partition("/")[0])


def scope_of(request: HttpRequest | Request) -> str | None:
    """What a key must have for this request; None: no key opens it."""
    area = area_of(request)
    kind = READ if request.method in SAFE_METHODS else WRITE
    return f"{area}:{kind}" if area is not None else None
