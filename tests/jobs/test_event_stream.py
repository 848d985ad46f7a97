"""Server-sent events: replayed, followed live, and over when the job is."""

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.test import AsyncClient
from rest_framework_simplejwt.tokens import AccessToken

from accounts.models import User
from jobs import services
from jobs.api import events
from jobs.models import Job
from jobs.services import Lease
from jobs.states import JobState
from tests.http.application import Server
from tests.jobs.builders import make_done, make_ended, make_in_state, make_job, start


@dataclass(frozen=True)
class Event:
    id: int
    kind: str
    data: dict[str, Any]


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "_POLL_S", 0.01)


def open_stream(user: User, job: Job, query: str = "", **headers: str) -> Any:
    """The response, which is not read yet."""
    token = {"Authorization": f"Bearer {AccessToken.for_user(user)}"}
    path = f"/api/v1/jobs/{job.pk}/events/{query}"
    return async_to_sync(AsyncClient().get)(path, headers=token | headers)


def parsed(text: str) -> list[Event]:
    found = []
    for block in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line)
        if "data" in fields:
            found.append(
                Event(int(fields.get("id", 0)), fields["event"], json.loads(fields["data"]))
            )
    return found


def read(response: Any, act: Callable[[int], object] = lambda _: None) -> str:
    """Everything to the stream's end; after the n-th piece, `act(n)` happens on the server."""

    async def all_of_it(pieces: AsyncIterator[bytes]) -> str:
        text, number = "", 0
        async for piece in pieces:
            text += piece.decode()
            number += 1
            await sync_to_async(act)(number)
        return text

    return async_to_sync(all_of_it)(response)


def ended(owner: User) -> tuple[Job, Lease]:
    job = make_job(owner)
    lease = start(job)
    services.begin_stage(lease, "checking", 3)
    services.begin_stage(lease, "extracting", 3)
    services.fail(lease, code="no_images", message="m", next_step="n", evidence={})
    job.refresh_from_db()
    return job, lease


def test_a_stream_of_a_job_that_is_over_replays_and_ends(alice: User) -> None:
    job, _ = ended(alice)
    response = open_stream(alice, job)
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "text/event-stream"
    assert response.headers["Cache-Control"] == "no-cache"
    assert response.headers["X-Accel-Buffering"] == "no"
    text = read(response)
    assert text.startswith("retry: 2000\n\n")
    told = parsed(text)
    assert [(event.id, event.kind) for event in told] == list(job.events.values_list("pk", "kind"))
    assert [event.kind for event in told] == ["state", "stage", "stage", "state"]
    assert told[1].data["stage"] == "checking"


def test_every_event_carries_the_job_as_it_is_now(alice: User) -> None:
    job, _ = ended(alice)
    for event in parsed(read(open_stream(alice, job))):
        assert event.data["job"] == {
            "state": "failed",
            "progress": {"stage": None, "done": 0, "total": 3, "counts": {}, "percent": 0,
                         "eta_s": None},
            "queue_position": None,
            "error": {"code": "no_images", "message": "m", "next_step": "n", "evidence": {}},
        }  # fmt: skip


@pytest.mark.parametrize("by_header", [True, False])
def test_a_stream_goes_on_after_the_last_event_that_came(alice: User, *, by_header: bool) -> None:
    job, _ = ended(alice)
    ids = list(job.events.values_list("pk", flat=True))
    response = (
        open_stream(alice, job, **{"Last-Event-ID": str(ids[1])})
        if by_header
        else open_stream(alice, job, f"?after={ids[1]}")
    )
    assert [event.id for event in parsed(read(response))] == ids[2:]


def test_the_header_wins_over_the_first_requests_query(alice: User) -> None:
    job, _ = ended(alice)
    ids = list(job.events.values_list("pk", flat=True))
    response = open_stream(alice, job, f"?after={ids[0]}", **{"Last-Event-ID": str(ids[2])})
    assert [event.id for event in parsed(read(response))] == ids[3:]


@pytest.mark.timeout(20)
def test_a_job_that_is_over_and_has_nothing_to_tell_ends_too(alice: User) -> None:
    job = make_job(alice, state=JobState.CANCELLED)
    assert read(open_stream(alice, job)) == "retry: 2000\n\n"


def test_nothing_more_to_tell_ends_the_reconnecting(alice: User) -> None:
    job, _ = ended(alice)
    last = job.events.latest("id").pk
    response = open_stream(alice, job, **{"Last-Event-ID": str(last)})
    assert (response.status_code, response.content) == (204, b"")


@pytest.mark.parametrize(
    "given", ["x", "-1", "1,234", "²", "9" * 30, "9" * 5000],
    ids=["letter", "negative", "comma", "superscript", "huge", "endless"],
)  # fmt: skip
def test_what_is_no_event_id_starts_from_the_beginning(alice: User, given: str) -> None:
    job, _ = ended(alice)
    response = open_stream(alice, job, f"?after={given}")
    assert response.status_code == 200
    assert len(parsed(read(response))) == 4


def test_a_running_job_is_followed_to_its_end(alice: User) -> None:
    job = make_job(alice)
    lease = start(job)

    def act(number: int) -> None:
        if number == 2:  # 1 is the retry line, 2 the events so far
            services.begin_stage(lease, "checking", 3)
        elif number == 3:
            services.record_progress(lease, done=2, counts={"num_accepted": 2})
        elif number == 4:
            services.mark_cancelled(lease)

    told = parsed(read(open_stream(alice, job), act))
    assert [(event.kind, event.data["job"]["state"]) for event in told] == [
        ("state", "running"), ("stage", "running"), ("progress", "running"),
        ("state", "cancelled"),
    ]  # fmt: skip
    assert told[2].data["job"]["progress"]["done"] == 2
    assert [event.id for event in told] == sorted({event.id for event in told})


def test_a_waiting_job_tells_its_place(alice: User) -> None:
    make_job(alice, name="before")
    job = make_job(alice)
    services.tell(job.pk, "state", {"state": "queued"})

    def act(number: int) -> None:
        if number == 2:
            services.request_cancel(job)

    told = parsed(read(open_stream(alice, job), act))
    assert [event.data["job"]["queue_position"] for event in told] == [2, None]


def test_a_job_that_is_deleted_while_it_is_watched(alice: User) -> None:
    job = make_job(alice)

    def act(number: int) -> None:
        if number == 1:
            services.delete(job)

    assert parsed(read(open_stream(alice, job), act)) == [Event(0, "deleted", {})]


def test_silence_is_broken_before_a_proxy_gives_up(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "_KEEP_ALIVE_S", 0.02)
    job = make_in_state(alice, JobState.RUNNING)

    def act(number: int) -> None:
        if number == 4:
            services.mark_cancelled(Lease(job_id=job.pk, attempt=1))

    assert read(open_stream(alice, job), act).count(": still here\n\n") == 2


@pytest.mark.parametrize("accept", ["text/event-stream", "*/*", "application/json"])
def test_errors_are_problems_whatever_is_accepted(alice: User, bob: User, accept: str) -> None:
    response = open_stream(bob, make_job(alice), Accept=accept)
    assert (response.status_code, response.json()["code"]) == (404, "not_found")
    assert response.headers["Content-Type"] == "application/problem+json"


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_through_the_real_application(alice: User, server: Server) -> None:
    job = make_ended(alice, JobState.CANCELLED)
    path = f"/api/v1/jobs/{job.pk}/events/"
    answer = server.ask(path, authorization=f"Bearer {AccessToken.for_user(alice)}")
    assert answer.status == 200
    assert [event.kind for event in parsed(answer.body.decode())] == ["state", "state"]


def test_a_finished_job_tells_it_is_done(alice: User) -> None:
    last = parsed(read(open_stream(alice, make_done(alice))))[-1]
    assert (last.data["state"], last.data["job"]["progress"]["percent"]) == ("done", 100)
