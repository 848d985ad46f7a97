"""The monitoring page: a thin door over monitoring, trends, drift and alerts."""

from typing import Any

from django.http import HttpRequest, JsonResponse
from django.views.generic import TemplateView, View

from jobs.drift_view import drift_state
from jobs.monitoring import headline, tiles, worst
from jobs.trends import trends
from mlops.public import OperatorsOnly, alerts_now


class MonitoringPage(OperatorsOnly, TemplateView):
    template_name = "jobs/monitoring.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        alerts, drift = alerts_now(), drift_state()
        rows = tiles(drift, alerts)
        return super().get_context_data(**kwargs) | {
            "tiles": rows,
            "worst": worst(rows),
            "headline": headline(rows),
            "drift": drift,
            "alerts": alerts,
        }


class Trends(OperatorsOnly, View):
    """What the page's charts are drawn from."""

    def get(self, request: HttpRequest) -> JsonResponse:
        return JsonResponse({"trends": trends()})
