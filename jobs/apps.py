from django.apps import AppConfig
from prometheus_client import REGISTRY


class JobsConfig(AppConfig):
    name = "jobs"
    verbose_name = "Jobs"

    def ready(self) -> None:
        """Metrics are computed at each scrape, so registering them costs nothing."""
        from jobs.metrics import JobCollector  # noqa: PLC0415  # models exist only now

        REGISTRY.register(JobCollector())
