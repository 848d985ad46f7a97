"""What Prometheus sees of the jobs: read from the database, which all processes share."""

from collections.abc import Iterator

from django.db import DatabaseError
from django.db.models import Avg, Count, Min, Sum
from django.utils import timezone
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from jobs.models import Job, Photo, StageRun
from jobs.states import JobState, PhotoStatus
from jobs.workers import live_workers


class JobCollector(Collector):
    """Computed at each scrape; a handful of aggregate queries."""

    def collect(self) -> Iterator[Metric]:
        """Nothing while the database is away: `readyz` tells that."""
        try:
            families = [*_jobs(), *_photos(), *_stages(), *_workers()]
        except DatabaseError:
            return
        yield from families

    def describe(self) -> list[Metric]:
        """Registration must not ask the database."""
        return []


def _jobs() -> Iterator[Metric]:
    counted = dict(Job.objects.order_by().values_list("state").annotate(Count("id")))
    jobs = GaugeMetricFamily("scene3d_jobs", "Jobs by state.", labels=["state"])
    for state in JobState.values:
        jobs.add_metric([state], counted.get(state, 0))
    yield jobs
    waiting = Job.objects.filter(state=JobState.QUEUED)
    oldest = waiting.aggregate(oldest=Min("queued_at"))["oldest"]
    yield GaugeMetricFamily(
        "scene3d_queue_oldest_seconds",
        "How long the longest-waiting job has waited.",
        (timezone.now() - oldest).total_seconds() if oldest else 0,
    )
    errors = GaugeMetricFamily(
        "scene3d_job_errors", "Failed and broken jobs by code.", labels=["state", "code"]
    )
    ended = Job.objects.filter(state__in=[JobState.FAILED, JobState.ERRORED]).order_by()
    for state, code, count in ended.values_list("state", "error_code").annotate(Count("id")):
        errors.add_metric([state, code or ""], count)
    yield errors


def _photos() -> Iterator[Metric]:
    counted = dict(Photo.objects.order_by().values_list("status").annotate(Count("id")))
    photos = GaugeMetricFamily("scene3d_photos", "Photos by status.", labels=["status"])
    for status in PhotoStatus.values:
        photos.add_metric([status], counted.get(status, 0))
    yield photos
    error = Photo.objects.filter(status=PhotoStatus.REGISTERED).aggregate(e=Avg("mean_error_px"))
    yield GaugeMetricFamily(
        "scene3d_reprojection_error_pixels", "Mean over placed photos.", error["e"] or 0
    )


def _stages() -> Iterator[Metric]:
    seconds = GaugeMetricFamily(
        "scene3d_stage_seconds_sum", "Time in stages of finished jobs.", labels=["stage"]
    )
    units = GaugeMetricFamily(
        "scene3d_stage_units_sum", "Photos or pairs in stages of finished jobs.", labels=["stage"]
    )
    rows = (
        StageRun.objects.order_by().values_list("stage").annotate(Sum("seconds"), Sum("num_units"))
    )
    for stage, sum_s, num_units in rows:
        seconds.add_metric([stage], sum_s)
        units.add_metric([stage], num_units)
    yield from (seconds, units)


def _workers() -> Iterator[Metric]:
    workers = live_workers()
    yield GaugeMetricFamily("scene3d_workers", "Workers that beat.", len(workers))
    loads = CounterMetricFamily(
        "scene3d_network_loads",
        "How often a worker loaded a network.",
        labels=["worker", "network"],
    )
    for worker in workers:
        for network, count in worker.network_loads.items():
            loads.add_metric([worker.name, network], count)
    yield loads
