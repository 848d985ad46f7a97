"""Shadow runs for tests: finished jobs to try, and small functions in place of the engine."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from accounts.models import User
from jobs import shadow
from jobs.models import Job
from jobs.presets import choose_preset, effective_options
from jobs.shadow import ShadowOrder, run_shadow
from mlops import services as serving
from mlops.models import Candidate
from mlops.rules import SHELL
from scene3d.engine.report import Report
from tests.jobs.builders import make_done, make_report
from tests.mlops.serving.builders import WHY, make_candidate

Reconstruct = Callable[..., Report]


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Callable[[Reconstruct], None]:
    """Put a small function where a shadow run calls the engine."""
    monkeypatch.setattr(shadow, "look_over", lambda *_: None)
    return lambda reconstruct: monkeypatch.setattr(shadow, "reconstruct", reconstruct)


@pytest.fixture
def challenger(db: None) -> Candidate:
    """In shadow, for the preset `standard`."""
    candidate = make_candidate(seed=7)
    serving.switch_shadow(candidate, SHELL, WHY, is_on=True)
    return candidate


def succeed(photos: Sequence[Any], *_: Any) -> Report:
    """All photos placed, of which jobs here have placed all but one."""
    report = make_report(len(photos) + 1)
    counts = report.counts.model_copy(update={"num_photos": len(photos)})
    return report.model_copy(update={"counts": counts, "total_seconds": 30.0})


def raising(error: BaseException) -> Reconstruct:
    def reconstruct(*_: object) -> Report:
        raise error

    return reconstruct


def done(owner: User, **fields: Any) -> Job:
    """A finished job with the options that new ones get."""
    options = effective_options(choose_preset(fields.get("preset", "standard")), {})
    known = {"options": options.to_dict(), "options_fingerprint": options.fingerprint()}
    return make_done(owner, **known | fields)


def run(*, sample: int = 5, candidate: int | None = None) -> list[str]:
    """What it told."""
    told: list[str] = []
    order = ShadowOrder(sample=sample, candidate=candidate)
    run_shadow(order, is_over=lambda: False, tell=told.append)
    assert not (Path(settings.WORK_DIR) / "shadow").exists()
    return told
