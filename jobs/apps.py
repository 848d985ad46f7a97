from django.apps import AppConfig

from scene3d.http.metrics import COMPUTED


class JobsConfig(AppConfig):
    name = "jobs"
    verbose_name = "Jobs"

    def ready(self) -> None:
        """Metrics are computed at each scrape, so registering them costs nothing."""
        from jobs.metrics import JobCollector  # noqa: PLC0415  # models exist only now

        COMPUTED.register(JobCollector())
