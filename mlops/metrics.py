"""What Prometheus sees of the offline loop."""

from collections.abc import Iterator

from django.db.models import Count
from prometheus_client.core import GaugeMetricFamily, Metric

from mlops.alert_history import open_alerts
from mlops.models import Experiment
from mlops.public import active_version
from mlops.states import ExperimentState
from scene3d.http.metrics import DatabaseCollector


class ExperimentCollector(DatabaseCollector):
    def families(self) -> Iterator[Metric]:
        counted = dict(Experiment.objects.order_by().values_list("state").annotate(Count("pk")))
        experiments = GaugeMetricFamily(
            "scene3d_experiments", "Experiments by state.", labels=["state"]
        )
        for state in ExperimentState.values:
            experiments.add_metric([state], counted.get(state, 0))
        yield experiments
        yield GaugeMetricFamily(
            "scene3d_configuration_version", "What is served; 0: own presets.", active_version()
        )
        yield GaugeMetricFamily(
            "scene3d_open_alerts", "Alerts that fire, but the watchdog.", open_alerts().count()
        )
