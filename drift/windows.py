"""Drift of the service: the last jobs as a window, looked at after every so many."""

import logging
from collections.abc import Sequence

from django.db import IntegrityError, transaction
from pydantic import ValidationError

from drift.baselines import Measures
from drift.documents import BaselineDocument, FeatureVerdict, Verdict, WindowDocument, worst
from drift.models import Baseline, Outcome, Upload, Window
from drift.rules import RULES, DriftRules
from drift.state import active_baseline
from drift.verdicts import JobMeasures, judge_window, persistent
from scene3d.engine.seeding import generator

logger = logging.getLogger(__name__)


def look_at_windows(rules: DriftRules = RULES) -> list[Window]:
    """Make the windows that are due, also those that a lost worker left; safe to call at any time,
    by any number of workers."""
    baseline = active_baseline()
    steps = Outcome.objects.count() // rules.stride_jobs
    made = []
    for step in range(max(1, steps - rules.persistence + 1), steps + 1):
        end = step * rules.stride_jobs
        if end >= rules.min_jobs and (window := _look(baseline, end, rules)) is not None:
            made.append(window)
    return made


def _look(baseline: Baseline | None, end: int, rules: DriftRules) -> Window | None:
    """The window that ends with the outcome at this position, unless it is there."""
    last = Outcome.objects.order_by("pk")[end - 1]
    if Window.objects.filter(baseline=baseline, last_outcome=last).exists():
        return None
    start = max(0, end - rules.window_jobs)
    ordered = Outcome.objects.order_by("pk")
    outcomes = list(ordered[start:end])
    before = list(ordered[max(0, start - rules.reference_jobs) : start])
    jobs = measures_of_jobs(outcomes)
    document = judge_window(
        jobs,
        _read(baseline),
        measures_of_jobs(before),
        generator(0, f"window {last.pk}"),
        rules,
    )
    window = Window(
        baseline=baseline,
        last_outcome=last,
        first_at=outcomes[0].ended_at,
        last_at=last.ended_at,
        job_ids=[str(outcome.job_id) for outcome in outcomes],
        num_jobs=len(outcomes),
        num_photos=sum(len(job.photos) for job in jobs),
        document=document.model_dump(mode="json"),
    )
    _stand(window, document, rules)
    try:
        with transaction.atomic():
            window.save()
    except IntegrityError:  # another worker looked at the same time
        return None
    logger.info("%s: %s, outcomes %s", window, window.status, window.performance)
    return window


def measures_of_jobs(outcomes: Sequence[Outcome]) -> list[JobMeasures]:
    """In their order; a job whose photos were never read tells its outcome only."""
    ids = [outcome.job_id for outcome in outcomes]
    uploads = {upload.job_id: upload for upload in Upload.objects.filter(job_id__in=ids)}
    return [
        JobMeasures(
            photos=photos_of(uploads[outcome.job_id]) if outcome.job_id in uploads else [],
            medians={
                **(uploads[outcome.job_id].medians if outcome.job_id in uploads else {}),
                **outcome.result,
            },
            outcomes=outcome.all_values,
        )
        for outcome in outcomes
    ]


def photos_of(upload: Upload) -> list[Measures]:
    """The rows of its columns."""
    names = [name for name in upload.measures if name != "index"]
    return [
        dict(zip(names, values, strict=True))
        for values in zip(*(upload.measures[name] for name in names), strict=True)
    ]


def _stand(window: Window, document: WindowDocument, rules: DriftRules) -> None:
    """What is true of this window and of those before it."""
    earlier = Window.objects.filter(
        baseline=window.baseline, last_outcome_id__lt=window.last_outcome_id
    )[: rules.persistence - 1]
    history = [*(row.verdict for row in reversed(earlier)), document]
    window.verdicts = {
        row.feature: persistent([_verdict_on(row.feature, one) for one in history], rules)
        for row in _rows(document)
    }
    window.status = worst([window.verdicts[row.feature] for row in document.features])
    window.performance = worst([window.verdicts[row.feature] for row in document.outcomes])


def _rows(document: WindowDocument) -> list[FeatureVerdict]:
    return [*document.features, *document.outcomes]


def _verdict_on(name: str, document: WindowDocument) -> Verdict:
    return next((row.verdict for row in _rows(document) if row.feature == name), "unknown")


def _read(baseline: Baseline | None) -> BaselineDocument | None:
    try:
        return baseline.read() if baseline is not None else None
    except ValidationError:
        logger.warning("%s is of another version", baseline)
        return None
