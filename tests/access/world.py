"""One of everything that somebody must not see, and everybody who must not see it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.test import Client
from django.urls import URLPattern, URLResolver
from django.utils import timezone

from accounts.keys import make_key
from accounts.models import User
from jobs.models import Job
from jobs.partial_uploads import begin
from jobs.shares import make_share
from mlops.history import served_at
from mlops.models import Alert, AlertGroup, Candidate
from mlops.services import promote
from tests.drift.builders import keep
from tests.http.streaming import body_of
from tests.jobs.builders import make_done
from tests.mlops.serving.builders import make_candidate, make_experiment, person

MARKS = ("Zanzibar", "IMG_00", "alice", "the content of")
"""What only an answer that tells too much has in it."""
TUS = {"Tus-Resumable": "1.0.0", "Upload-Offset": "0"}


@dataclass(frozen=True)
class World:
    """Identifiers, by the first part of an address below /api/v1/ or of a page's name."""

    job: Job
    ids: Mapping[str, UUID | int]
    version: int
    share: UUID
    token: str
    """Of a link to the job."""

    def arguments(self, room: str, names: Any) -> dict[str, Any]:
        """For an address with these parts; what it names is there."""
        known: dict[str, Any] = {
            "id": self.ids.get(room),
            "pk": self.ids.get(room),
            "version": self.version,
            "index": 0,
            "kind": "thumbnail",
            "name": "points.ply",
            "form": "bundle",
            "action": {"mlops": "cancel", "alerts": "start"}.get(room, "retry"),
            "trial": "standard-1",
            "seed": 0,
            "place": "tiny/points.bin",
            "object_id": "1",
            "content_type_id": "0",
            "other": 1,
            "share": self.share,
            "token": "x" * 43,
        }
        return {name: known[name] for name in names}


def build_world(owner: User) -> World:
    job = make_done(owner, name="Zanzibar gate")
    experiment = make_experiment("Zanzibar-nightly")
    served, waiting = make_candidate(experiment), make_candidate(experiment, seed=2)
    promote(served, person("olga", "operators"), "Zanzibar is better.")
    configuration = served_at(timezone.now())
    assert configuration is not None
    group = AlertGroup.objects.create(key="Zanzibar")
    alert = Alert.objects.create(
        fingerprint="f", starts_at=timezone.now(), group=group, name="ZanzibarDrift"
    )
    rooms: dict[str, UUID | int] = {
        "jobs": job.pk,
        "experiments": experiment.pk,
        "mlops": experiment.pk,
        "candidates": Candidate.objects.get(pk=waiting.pk).pk,
        "configurations": configuration.pk,
        "baselines": keep().pk,
        "alerts": alert.pk,
        "uploads": begin(owner, "Zanzibar.zip", 10).pk,
        "accounts": make_key(owner, name="Zanzibar", scopes=[], lifetime=timedelta(days=1))[0].pk,
    }
    link, token = make_share(job, may_download=True, lifetime=timedelta(days=1))
    return World(job, rooms, configuration.version, link.pk, token)


def patterns(resolver: URLResolver, namespace: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Every address of the installation by its name, the namespaces before it."""
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            inner = f"{namespace}{entry.namespace}:" if entry.namespace else namespace
            yield from patterns(entry, inner)
        else:
            yield f"{namespace}{entry.name}", entry


def leaks_of(response: Any) -> list[str]:
    """The marks that an answer has in its body or its headers."""
    text = body_of(response).decode(errors="replace") + str(response.headers)
    return [mark for mark in MARKS if mark in text]


def ask(client: Client, method: str, path: str) -> Any:
    """With a body that is complete nowhere."""
    headers = TUS if "/uploads/" in path and method != "post" else {}
    if method in ("get", "head", "delete"):
        return getattr(client, method)(path, headers=headers)
    if headers:
        kind = "application/offset+octet-stream"
        return getattr(client, method)(path, data=b"", content_type=kind, headers=headers)
    return getattr(client, method)(path, data="{}", content_type="application/json")
