"""Probes: whether this process lives, and whether it can serve."""

import logging
from http import HTTPStatus

from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from redis.exceptions import RedisError

from scene3d.background.queue import count_workers, ping

logger = logging.getLogger(__name__)


@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """The process answers; nothing else is looked at."""
    return JsonResponse({"status": "ok"})


@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """503 while the database or the broker is away. Without a worker, uploads still wait in the
    queue, so that is told but not a failure."""
    checks = {"database": _is_database_there(), "broker": _is_broker_there()}
    is_ready = all(checks.values())
    return JsonResponse(
        {
            "status": "ready" if is_ready else "unavailable",
            "checks": checks,
            "num_workers": count_workers() if checks["broker"] else 0,
        },
        status=HTTPStatus.OK if is_ready else HTTPStatus.SERVICE_UNAVAILABLE,
    )


def _is_database_there() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        logger.exception("the database does not answer")
        return False
    return True


def _is_broker_there() -> bool:
    try:
        ping()
    except RedisError:
        logger.warning("the broker does not answer", exc_info=True)
        return False
    return True
