"""What Prometheus fetches: what web processes have counted, and what the database says.

A process that ends takes its counters with it, so whatever workers do is read from the database at
each scrape, the same from every web process. Requests are counted where they are answered; several
web processes share the folder PROMETHEUS_MULTIPROC_DIR, whose files are added up.
"""

import os
from abc import abstractmethod
from collections.abc import Iterable, Iterator
from http import HTTPStatus

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from scene3d.http.bearer import shows_token
from scene3d.http.problem import Problem

SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""prometheus_client's own variable; it must be set before that is imported."""

COMPUTED = CollectorRegistry(auto_describe=False)
"""Where rooms register collectors that look at the database (or at this machine)."""


class DatabaseCollector(Collector):
    """Computed at each scrape, by a handful of aggregate queries."""

    @abstractmethod
    def families(self) -> Iterable[Metric]:
        """Raises: DatabaseError."""

    def collect(self) -> Iterator[Metric]:
        """Nothing while the database is away: `readyz` tells that."""
        try:
            families = list(self.families())
        except DatabaseError:
            return
        yield from families

    def describe(self) -> list[Metric]:
        """Registration must not ask the database."""
        return []


@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Open to whoever reaches it, unless SCENE3D_METRICS_TOKEN is set."""
    token = settings.METRICS_TOKEN
    if token and not shows_token(request, token):
        return _refusal().to_response(request)
    page = generate_latest(_counted()) + generate_latest(COMPUTED)
    return HttpResponse(page, content_type=CONTENT_TYPE_LATEST)


def _counted() -> CollectorRegistry:
    if SHARED_FOLDER not in os.environ:
        return REGISTRY
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return registry


def _refusal() -> Problem:
    problem = Problem(
        HTTPStatus.UNAUTHORIZED,
        "metrics_token_needed",
        "Metrics of this server are for who knows its token.",
        next_step="Send Authorization: Bearer with SCENE3D_METRICS_TOKEN.",
    )
    problem.headers["WWW-Authenticate"] = "Bearer"
    return problem
