from django.apps import AppConfig

from scene3d.http.metrics import COMPUTED


class MlopsConfig(AppConfig):
    name = "mlops"
    verbose_name = "Experiments"

    def ready(self) -> None:
        """Metrics are computed at each scrape, so registering them costs nothing."""
        from mlops.metrics import ExperimentCollector  # noqa: PLC0415  # models exist only now

        COMPUTED.register(ExperimentCollector())
