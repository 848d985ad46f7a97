from django.apps import AppConfig

from scene3d.http.metrics import COMPUTED


class DriftConfig(AppConfig):
    name = "drift"
    verbose_name = "Drift"

    def ready(self) -> None:
        """Metrics are computed at each scrape, so registering them costs nothing."""
        from drift.metrics import DriftCollector  # noqa: PLC0415  # models exist only now

        COMPUTED.register(DriftCollector())
