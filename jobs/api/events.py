"""A job's events as they happen: server-sent events over rows of the database."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Any
from uuid import UUID

from asgiref.sync import sync_to_async
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from jobs.access import own_job
from jobs.api.serializers import error_of, progress_of, queue_position_of
from jobs.models import Job, JobEvent

_POLL_S = 0.7
_KEEP_ALIVE_S = 15.0
_EVENT_ID = re.compile(r"[0-9]{1,18}")


class _AnyNegotiation(BaseContentNegotiation):
    """A browser's EventSource accepts text/event-stream only, and errors are JSON all the same."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        return parsers[0]

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        return renderers[0], renderers[0].media_type


class JobEvents(APIView):
    content_negotiation_class = _AnyNegotiation

    @extend_schema(
        tags=["jobs"],
        summary="Follow a job: server-sent events, from the one after Last-Event-ID",
        description="Every event carries the job's state, progress and queue position. The stream"
        " ends after the last event of a job that is over.",
        parameters=[
            OpenApiParameter("Last-Event-ID", int, OpenApiParameter.HEADER),
            OpenApiParameter(
                "after", int, description="For a first request: EventSource sends no headers."
            ),
        ],
        responses={(200, "text/event-stream"): OpenApiTypes.STR},
    )
    def get(self, request: Request, pk: UUID) -> HttpResponseBase:
        job = own_job(request, pk)
        given = request.headers.get("Last-Event-ID") or request.query_params.get("after", "")
        last_id = int(given) if _EVENT_ID.fullmatch(given) else 0
        if last_id and job.is_terminal and not job.events.filter(pk__gt=last_id).exists():
            return HttpResponse(status=HTTPStatus.NO_CONTENT)  # ends EventSource's reconnecting
        stream = _stream(job.pk, last_id)
        headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
        return StreamingHttpResponse(stream, content_type="text/event-stream", headers=headers)


async def _stream(job_id: UUID, last_id: int) -> AsyncIterator[str]:
    yield "retry: 2000\n\n"
    idle_s = 0.0
    while True:
        messages, last_id, is_over = await sync_to_async(_news)(job_id, last_id)
        if messages:
            idle_s = 0.0
            yield messages
        if is_over:
            return
        await asyncio.sleep(_POLL_S)
        idle_s += _POLL_S
        if idle_s >= _KEEP_ALIVE_S:
            idle_s = 0.0
            yield ": still here\n\n"


def _news(job_id: UUID, last_id: int) -> tuple[str, int, bool]:
    """Messages after `last_id`, the last one's id, and whether there will be no more."""
    job = Job.objects.filter(pk=job_id).first()
    if job is None:
        return "event: deleted\ndata: {}\n\n", last_id, True
    events = list(JobEvent.objects.filter(job_id=job_id, id__gt=last_id))
    if not events:
        return "", last_id, job.is_terminal
    now = {
        "state": job.state,
        "progress": progress_of(job),
        "queue_position": queue_position_of(job),
        "error": error_of(job),
    }
    messages = "".join(
        f"id: {event.pk}\nevent: {event.kind}\ndata: {json.dumps({**event.data, 'job': now})}\n\n"
        for event in events
    )
    return messages, events[-1].pk, job.is_terminal
