"""Dashboards of the work: jobs, photos, queues."""

from scene3d.monitoring.grafana import Dashboard, Panel, Query


def _job_latency(quantile: float) -> Query:
    return Query(
        expr=f"histogram_quantile({quantile}, sum by (le) (rate(scene3d_job_seconds_bucket[1h])))",
        legend=f"{quantile:.0%} of jobs",
    )


THROUGHPUT = Dashboard(
    uid="throughput",
    title="throughput and latency",
    about="How much is reconstructed, and how long it takes.",
    panels=[
        Panel(
            title="Jobs at work",
            kind="stat",
            width=6,
            queries=[Query(expr='sum(scene3d_jobs{state="running"})')],
        ),
        Panel(
            title="A worker is ready",
            kind="stat",
            width=6,
            names=(("0", "no"), ("1", "yes")),
            queries=[Query(expr="max(scene3d_model_server_ready)")],
        ),
        Panel(
            title="Workers",
            kind="stat",
            width=6,
            queries=[Query(expr="max(scene3d_workers)")],
        ),
        Panel(
            title="Networks loaded",
            kind="stat",
            width=6,
            queries=[Query(expr="count(scene3d_network_loads_total) or vector(0)")],
        ),
        Panel(
            title="Jobs that ended, per hour",
            queries=[
                Query(
                    expr="sum by (state) (increase(scene3d_jobs_ended_total[1h]))",
                    legend="{{state}}",
                )
            ],
        ),
        Panel(
            title="Photos placed, per hour",
            queries=[
                Query(
                    expr="sum by (kind) (increase(scene3d_job_photos_total[1h]))",
                    legend="{{kind}}",
                )
            ],
        ),
        Panel(
            title="How long a job takes",
            unit="s",
            steps=((600, "orange"),),
            queries=[_job_latency(0.5), _job_latency(0.9), _job_latency(0.99)],
        ),
        Panel(
            title="Jobs by duration",
            kind="heatmap",
            unit="short",
            queries=[
                Query(
                    expr="sum by (le) (increase(scene3d_job_seconds_bucket[1h]))", legend="{{le}}"
                )
            ],
        ),
        Panel(
            title="Time per photo or pair, by stage",
            unit="s",
            queries=[
                Query(
                    expr="sum by (stage) (rate(scene3d_stage_seconds_total[6h]))"
                    " / sum by (stage) (rate(scene3d_stage_units_total[6h]))",
                    legend="{{stage}}",
                )
            ],
        ),
        Panel(
            title="Why jobs failed",
            queries=[
                Query(expr="sum by (code) (scene3d_job_errors)", legend="{{code}}"),
            ],
        ),
    ],
)

REGISTRATION = Dashboard(
    uid="registration",
    title="registration over time",
    about="How many photos find their place, and how well they fit.",
    panels=[
        Panel(
            title="Placed photos, last day",
            kind="gauge",
            width=8,
            unit="percentunit",
            maximum=1,
            steps=((0, "red"), (0.7, "orange"), (0.9, "green")),
            queries=[
                Query(
                    expr='sum(increase(scene3d_job_photos_total{kind="registered"}[1d]))'
                    ' / sum(increase(scene3d_job_photos_total{kind="valid"}[1d]))'
                )
            ],
        ),
        Panel(
            title="Placed photos, ever",
            kind="gauge",
            width=8,
            unit="percentunit",
            maximum=1,
            steps=((0, "red"), (0.7, "orange"), (0.9, "green")),
            queries=[Query(expr="max(scene3d_registered_ratio)")],
        ),
        Panel(
            title="Error of placed photos",
            about="Mean distance between a point and its projection.",
            kind="stat",
            width=8,
            unit="none",
            queries=[Query(expr="max(scene3d_reprojection_error_pixels)")],
        ),
        Panel(
            title="Placed photos of valid ones",
            unit="percentunit",
            maximum=1,
            width=24,
            queries=[
                Query(
                    expr='sum(increase(scene3d_job_photos_total{kind="registered"}[6h]))'
                    ' / sum(increase(scene3d_job_photos_total{kind="valid"}[6h]))',
                    legend="within six hours",
                ),
                Query(
                    expr='max(scene3d_outcome{outcome="registration_ratio"})',
                    legend="in the last window of jobs",
                ),
            ],
        ),
        Panel(
            title="Photos by status",
            queries=[Query(expr="sum by (status) (scene3d_photos)", legend="{{status}}")],
        ),
        Panel(
            title="Valid photos of uploaded ones",
            unit="percentunit",
            maximum=1,
            queries=[
                Query(
                    expr='sum(increase(scene3d_job_photos_total{kind="valid"}[6h]))'
                    ' / sum(increase(scene3d_job_photos_total{kind="uploaded"}[6h]))',
                    legend="within six hours",
                )
            ],
        ),
    ],
)

QUEUE = Dashboard(
    uid="queue",
    title="queue",
    about="What waits, for how long, and who looks after it.",
    panels=[
        Panel(
            title="Waiting",
            queries=[Query(expr="max by (queue) (scene3d_queue_depth)", legend="{{queue}}")],
        ),
        Panel(
            title="The oldest has waited",
            unit="s",
            steps=((300, "orange"), (14400, "red")),
            queries=[
                Query(expr="max by (queue) (scene3d_queue_oldest_seconds)", legend="{{queue}}"),
            ],
        ),
        Panel(
            title="Jobs by state",
            queries=[
                Query(
                    expr='max by (state) (scene3d_jobs{state=~"queued|running"})',
                    legend="{{state}}",
                )
            ],
        ),
        Panel(
            title="Experiments by state",
            queries=[
                Query(
                    expr='max by (state) (scene3d_experiments{state=~"queued|running"})',
                    legend="{{state}}",
                )
            ],
        ),
        Panel(
            title="Somebody looked after lost jobs",
            kind="stat",
            unit="s",
            about="Seconds ago.",
            steps=((600, "orange"),),
            queries=[
                Query(expr="time() - max(scene3d_reconciler_heartbeat_timestamp_seconds)"),
            ],
        ),
        Panel(
            title="Open alerts",
            kind="stat",
            steps=((1, "orange"),),
            queries=[Query(expr="max(scene3d_open_alerts)")],
        ),
    ],
)
