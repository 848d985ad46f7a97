"""Dashboards of the state: machines, drift, requests."""

from scene3d.monitoring.grafana import Dashboard, Panel, Query

_RESPONSES = "django_http_responses_total_by_status_view_method_total"
_LATENCY = "django_http_requests_latency_seconds_by_view_method_bucket"
_STATUS_NAMES = (("0", "ok"), ("1", "warning"), ("2", "critical"))
_STATUS_STEPS = ((1, "orange"), (2, "red"))


HARDWARE = Dashboard(
    uid="hardware",
    title="graphics cards and machines",
    about="What workers see of their machines.",
    panels=[
        Panel(
            title="Graphics cards at work",
            unit="percentunit",
            maximum=1,
            queries=[
                Query(expr="scene3d_gpu_utilization_ratio", legend="{{worker}}, card {{gpu}}"),
            ],
        ),
        Panel(
            title="Memory of graphics cards in use",
            unit="percentunit",
            maximum=1,
            queries=[
                Query(
                    expr="scene3d_gpu_memory_used_bytes / scene3d_gpu_memory_total_bytes",
                    legend="{{worker}}, card {{gpu}}",
                ),
            ],
        ),
        Panel(
            title="Load of workers' machines",
            unit="percentunit",
            queries=[Query(expr="scene3d_worker_load_ratio", legend="{{worker}}")],
        ),
        Panel(
            title="Memory of workers' machines in use",
            unit="percentunit",
            maximum=1,
            queries=[
                Query(
                    expr="1 - scene3d_worker_memory_available_bytes"
                    " / scene3d_worker_memory_total_bytes",
                    legend="{{worker}}",
                )
            ],
        ),
        Panel(
            title="Disk of the data folder in use",
            unit="percentunit",
            maximum=1,
            steps=((0.75, "orange"), (0.95, "red")),
            queries=[
                Query(
                    expr="1 - max(scene3d_data_free_bytes) / max(scene3d_data_total_bytes)",
                    legend="in use",
                )
            ],
        ),
        Panel(
            title="Free on the data folder's disk",
            unit="bytes",
            queries=[Query(expr="max(scene3d_data_free_bytes)", legend="free")],
        ),
    ],
)

DRIFT = Dashboard(
    uid="drift",
    title="drift",
    about="How far photos and results are from the baseline.",
    panels=[
        Panel(
            title="Photos",
            kind="stat",
            width=6,
            names=_STATUS_NAMES,
            steps=_STATUS_STEPS,
            queries=[Query(expr="max(scene3d_drift_status)")],
        ),
        Panel(
            title="Results",
            kind="stat",
            width=6,
            names=_STATUS_NAMES,
            steps=_STATUS_STEPS,
            queries=[Query(expr="max(scene3d_performance_status)")],
        ),
        Panel(
            title="Features that alert",
            kind="stat",
            width=6,
            steps=((1, "orange"),),
            queries=[Query(expr="max(scene3d_drift_alerting_features)")],
        ),
        Panel(
            title="Jobs in the window",
            kind="stat",
            width=6,
            queries=[Query(expr="max(scene3d_drift_window_jobs)")],
        ),
        Panel(
            title="Brightness and contrast",
            about="In standard errors from the baseline.",
            minimum=None,
            steps=((3, "orange"), (5, "red")),
            queries=[
                Query(
                    expr='max by (feature) (scene3d_drift_z{feature=~"brightness|contrast"})',
                    legend="{{feature}}",
                )
            ],
        ),
        Panel(
            title="Distance in the space of descriptors",
            minimum=None,
            queries=[Query(expr="max(scene3d_drift_mmd)", legend="MMD²")],
        ),
        Panel(
            title="Every feature, in standard errors",
            minimum=None,
            queries=[
                Query(expr="max by (feature) (scene3d_drift_z)", legend="{{feature}}"),
            ],
        ),
        Panel(
            title="Effect sizes",
            queries=[
                Query(expr="max by (feature) (scene3d_drift_effect)", legend="{{feature}}"),
            ],
        ),
        Panel(
            title="Verdicts",
            kind="bargauge",
            width=24,
            maximum=2,
            names=_STATUS_NAMES,
            steps=_STATUS_STEPS,
            queries=[
                Query(expr="max by (feature) (scene3d_drift_verdict)", legend="{{feature}}"),
            ],
        ),
        Panel(
            title="Outcomes",
            queries=[
                Query(
                    expr='max by (outcome) (scene3d_outcome{outcome=~".*ratio|satisfaction"})',
                    legend="{{outcome}}",
                )
            ],
        ),
        Panel(
            title="Outcomes that are no shares",
            queries=[
                Query(
                    expr='max by (outcome) (scene3d_outcome{outcome!~".*ratio|satisfaction"})',
                    legend="{{outcome}}",
                )
            ],
        ),
    ],
)

API = Dashboard(
    uid="api",
    title="API",
    about="Requests, errors, and how fast answers are.",
    panels=[
        Panel(
            title="Requests to the API",
            unit="reqps",
            queries=[
                Query(
                    expr=f'sum by (method) (rate({_RESPONSES}{{view=~"api:.*"}}[5m]))',
                    legend="{{method}}",
                )
            ],
        ),
        Panel(
            title="Errors of the API",
            unit="percentunit",
            steps=((0.05, "red"),),
            queries=[
                Query(
                    expr=f'sum(rate({_RESPONSES}{{view=~"api:.*",status=~"5.."}}[5m]))'
                    f' / sum(rate({_RESPONSES}{{view=~"api:.*"}}[5m]))',
                    legend="of the server",
                ),
                Query(
                    expr=f'sum(rate({_RESPONSES}{{view=~"api:.*",status=~"4.."}}[5m]))'
                    f' / sum(rate({_RESPONSES}{{view=~"api:.*"}}[5m]))',
                    legend="of clients",
                ),
            ],
        ),
        Panel(
            title="Answers by status",
            unit="reqps",
            queries=[
                Query(expr=f"sum by (status) (rate({_RESPONSES}[5m]))", legend="{{status}}"),
            ],
        ),
        Panel(
            title="Busiest addresses",
            unit="reqps",
            queries=[
                Query(
                    expr=f"topk(8, sum by (view) (rate({_RESPONSES}[5m])))",
                    legend="{{view}}",
                )
            ],
        ),
        Panel(
            title="How long answers take",
            unit="s",
            queries=[
                Query(
                    expr=f"histogram_quantile({quantile},"
                    f' sum by (le) (rate({_LATENCY}{{view=~"api:.*"}}[5m])))',
                    legend=f"{quantile:.0%}",
                )
                for quantile in (0.5, 0.95, 0.99)
            ],
        ),
        Panel(
            title="Exceptions",
            queries=[
                Query(
                    expr="sum by (type) (increase(django_http_exceptions_total_by_type_total[1h]))",
                    legend="{{type}}",
                )
            ],
        ),
    ],
)
