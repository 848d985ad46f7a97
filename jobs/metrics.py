"""What Prometheus sees of the jobs: read from the database, which all processes share."""

import shutil
from collections.abc import Iterator, Sequence

from django.conf import settings
from django.db.models import Avg, Count
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)

from jobs import tallies
from jobs.models import Job, Photo
from jobs.queues import queues
from jobs.states import TERMINAL, JobStage, JobState, PhotoStatus
from jobs.tallies import RECONCILED, Key
from jobs.worker_models import Worker
from jobs.workers import is_ready, live_workers
from scene3d.http.metrics import DatabaseCollector

_PHOTO_KINDS = ("uploaded", "valid", "registered")
_MACHINE_GAUGES = {
    "load": ("scene3d_worker_load_ratio", "Load of a worker's machine; 1: all cores are busy."),
    "memory_available_bytes": (
        "scene3d_worker_memory_available_bytes",
        "Memory of a worker's machine that is to be had.",
    ),
    "memory_total_bytes": ("scene3d_worker_memory_total_bytes", "Memory of a worker's machine."),
}
_GPU_GAUGES = {
    "memory_used_bytes": ("scene3d_gpu_memory_used_bytes", "Memory of a graphics card in use."),
    "memory_total_bytes": ("scene3d_gpu_memory_total_bytes", "Memory of a graphics card."),
    "utilization": ("scene3d_gpu_utilization_ratio", "Share of time that a card is at work."),
}


class JobCollector(DatabaseCollector):
    """Jobs, queues, photos, stages, workers, and the disk that they live on."""

    def families(self) -> Iterator[Metric]:
        counted = tallies.read()
        workers = live_workers()
        yield from (*_jobs(), *_queues(), *_photos(), *_ended(counted), *_stages(counted))
        yield from (*_workers(workers), *_machines(workers), *_gpus(workers), *_upkeep(counted))


def _jobs() -> Iterator[Metric]:
    counted = dict(Job.objects.order_by().values_list("state").annotate(Count("id")))
    jobs = GaugeMetricFamily("scene3d_jobs", "Jobs by state.", labels=["state"])
    for state in JobState.values:
        jobs.add_metric([state], counted.get(state, 0))
    yield jobs
    errors = GaugeMetricFamily(
        "scene3d_job_errors", "Failed and broken jobs by code.", labels=["state", "code"]
    )
    ended = Job.objects.filter(state__in=[JobState.FAILED, JobState.ERRORED]).order_by()
    for state, code, count in ended.values_list("state", "error_code").annotate(Count("id")):
        errors.add_metric([state, code or ""], count)
    yield errors


def _queues() -> Iterator[Metric]:
    depth = GaugeMetricFamily("scene3d_queue_depth", "What waits for a worker.", labels=["queue"])
    oldest = GaugeMetricFamily(
        "scene3d_queue_oldest_seconds",
        "How long the longest-waiting has waited.",
        labels=["queue"],
    )
    for queue in queues():
        depth.add_metric([queue.name], queue.depth)
        oldest.add_metric([queue.name], queue.oldest_s)
    yield from (depth, oldest)


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


def _ended(counted: dict[Key, float]) -> Iterator[Metric]:
    ended = CounterMetricFamily(
        "scene3d_jobs_ended", "Ends of jobs, by state; deleted jobs count.", labels=["state"]
    )
    for state in sorted(TERMINAL):
        ended.add_metric([state], counted.get(("ended", state), 0))
    yield ended
    photos = CounterMetricFamily(
        "scene3d_job_photos", "Photos of jobs that have ended.", labels=["kind"]
    )
    for kind in _PHOTO_KINDS:
        photos.add_metric([kind], counted.get(("photos", kind), 0))
    yield photos
    yield HistogramMetricFamily(
        "scene3d_job_seconds",
        "From the start of an attempt that is done to its end.",
        buckets=tallies.latency_buckets(counted),
        sum_value=counted.get(("seconds", ""), 0),
    )
    valid, registered = (counted.get(("photos", kind), 0) for kind in _PHOTO_KINDS[1:])
    ratio = GaugeMetricFamily(
        "scene3d_registered_ratio", "Placed photos of valid ones, over all ended jobs."
    )
    if valid:
        ratio.add_metric([], registered / valid)
    yield ratio


def _stages(counted: dict[Key, float]) -> Iterator[Metric]:
    seconds = CounterMetricFamily(
        "scene3d_stage_seconds", "Time in stages of finished jobs.", labels=["stage"]
    )
    units = CounterMetricFamily(
        "scene3d_stage_units", "Photos or pairs in stages of finished jobs.", labels=["stage"]
    )
    for stage in JobStage.values:
        seconds.add_metric([stage], counted.get(("stage_seconds", stage), 0))
        units.add_metric([stage], counted.get(("stage_units", stage), 0))
    yield from (seconds, units)


def _workers(workers: Sequence[Worker]) -> Iterator[Metric]:
    yield GaugeMetricFamily("scene3d_workers", "Workers that beat.", len(workers))
    yield GaugeMetricFamily(
        "scene3d_model_server_ready",
        "1: a worker beats, with the networks of some preset; 0: jobs wait.",
        is_ready(workers),
    )
    loads = CounterMetricFamily(
        "scene3d_network_loads",
        "How often a worker loaded a network.",
        labels=["worker", "network"],
    )
    for worker in workers:
        for network, count in worker.network_loads.items():
            loads.add_metric([worker.name, network], count)
    yield loads


def _machines(workers: Sequence[Worker]) -> Iterator[Metric]:
    for key, (name, words) in _MACHINE_GAUGES.items():
        gauge = GaugeMetricFamily(name, words, labels=["worker"])
        for worker in workers:
            if worker.machine.get(key) is not None:
                gauge.add_metric([worker.name], worker.machine[key])
        if gauge.samples:
            yield gauge


def _gpus(workers: Sequence[Worker]) -> Iterator[Metric]:
    """Nothing where no worker has seen a card."""
    cards = [(worker.name, card) for worker in workers for card in worker.machine.get("gpus", [])]
    for key, (name, words) in _GPU_GAUGES.items():
        gauge = GaugeMetricFamily(name, words, labels=["worker", "gpu", "model"])
        for worker, card in cards:
            if card[key] is not None:
                gauge.add_metric([worker, str(card["index"]), card["name"]], card[key])
        if gauge.samples:
            yield gauge


def _upkeep(counted: dict[Key, float]) -> Iterator[Metric]:
    yield CounterMetricFamily(
        "scene3d_fenced_publishes",
        "Results of workers that had been given up for lost; turned away.",
        counted.get(("fenced", ""), 0),
    )
    yield GaugeMetricFamily(
        "scene3d_reconciler_heartbeat_timestamp_seconds",
        "When somebody last looked after lost jobs; 0: never.",
        counted.get((RECONCILED, ""), 0),
    )
    disk = shutil.disk_usage(settings.DATA_DIR)
    yield GaugeMetricFamily("scene3d_data_free_bytes", "Of the data folder's disk.", disk.free)
    yield GaugeMetricFamily("scene3d_data_total_bytes", "Of the data folder's disk.", disk.total)
