"""Grafana's dashboards as values: as much of their format as ours need.

The format is that of Grafana's dashboard JSON model, schema 39. Panels are laid out here, in rows
of 24 columns, so that a dashboard is written as a list of what it shows.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

_SCHEMA_VERSION = 39
_NUM_COLUMNS = 24
_DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}

Kind = Literal["timeseries", "stat", "gauge", "heatmap", "bargauge"]


@dataclass(frozen=True, kw_only=True)
class Query:
    """A PromQL expression, and what its series are called ("{{state}}")."""

    expr: str
    legend: str = ""


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One panel.

    Attributes:
        unit: Grafana's name of it, such as "s", "bytes", "percentunit".
        steps: colours from a value on, after green from the beginning.
        names: words for values, such as {"0": "ok"}.
    """

    title: str
    queries: Sequence[Query]
    about: str = ""
    kind: Kind = "timeseries"
    unit: str = "short"
    width: int = 12
    steps: Sequence[tuple[float, str]] = ()
    minimum: float | None = 0
    maximum: float | None = None
    names: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Dashboard:
    """A page of panels; `uid` is its address and its file's name."""

    uid: str
    title: str
    about: str
    panels: Sequence[Panel]

    @property
    def expressions(self) -> list[str]:
        return [query.expr for panel in self.panels for query in panel.queries]

    def to_json(self) -> dict[str, Any]:
        """What Grafana imports."""
        return {
            "uid": f"scene3d-{self.uid}",
            "title": f"Scene3D: {self.title}",
            "description": self.about,
            "tags": ["scene3d"],
            "schemaVersion": _SCHEMA_VERSION,
            "editable": False,
            "graphTooltip": 1,
            "refresh": "30s",
            "time": {"from": "now-24h", "to": "now"},
            "templating": {"list": [_datasource_variable()]},
            "links": [_link_to_the_others()],
            "panels": list(_laid_out(self.panels)),
        }


def _laid_out(panels: Iterable[Panel]) -> Iterable[dict[str, Any]]:
    """From left to right, then further down."""
    x = y = row_height = 0
    for number, panel in enumerate(panels, start=1):
        if x + panel.width > _NUM_COLUMNS:
            x, y, row_height = 0, y + row_height, 0
        height = 8 if panel.kind in ("timeseries", "heatmap") else 5
        place = {"x": x, "y": y, "w": panel.width, "h": height}
        yield {"id": number, "gridPos": place, **_content(panel)}
        x, row_height = x + panel.width, max(row_height, height)


def _content(panel: Panel) -> dict[str, Any]:
    targets = [
        {
            "refId": chr(ord("A") + index),
            "datasource": _DATASOURCE,
            "expr": query.expr,
            "legendFormat": query.legend or "__auto",
            "format": "heatmap" if panel.kind == "heatmap" else "time_series",
        }
        for index, query in enumerate(panel.queries)
    ]
    return {
        "type": panel.kind,
        "title": panel.title,
        "description": panel.about,
        "datasource": _DATASOURCE,
        "targets": targets,
        "fieldConfig": {"defaults": _defaults(panel), "overrides": []},
        "options": _options(panel.kind),
    }


def _defaults(panel: Panel) -> dict[str, Any]:
    steps: list[dict[str, Any]] = [{"color": "green", "value": None}]
    steps += [{"color": colour, "value": value} for value, colour in panel.steps]
    defaults: dict[str, Any] = {
        "unit": panel.unit,
        "thresholds": {"mode": "absolute", "steps": steps},
    }
    if panel.minimum is not None:
        defaults["min"] = panel.minimum
    if panel.maximum is not None:
        defaults["max"] = panel.maximum
    if panel.names:
        words = {value: {"text": text} for value, text in panel.names}
        defaults["mappings"] = [{"type": "value", "options": words}]
    if panel.kind == "timeseries":
        line = {"lineWidth": 2, "fillOpacity": 8, "showPoints": "never"}
        defaults["custom"] = line | {
            "thresholdsStyle": {"mode": "line" if panel.steps else "off"},
        }
    return defaults


def _options(kind: Kind) -> dict[str, Any]:
    if kind == "timeseries":
        return {
            "legend": {"displayMode": "list", "placement": "bottom"},
            "tooltip": {"mode": "multi"},
        }
    if kind == "heatmap":
        return {"calculate": False, "yAxis": {"unit": "s"}}
    return {"reduceOptions": {"calcs": ["lastNotNull"]}, "colorMode": "value"}


def _datasource_variable() -> dict[str, Any]:
    return {
        "name": "datasource",
        "label": "Prometheus",
        "type": "datasource",
        "query": "prometheus",
    }


def _link_to_the_others() -> dict[str, Any]:
    return {"title": "Scene3D", "type": "dashboards", "tags": ["scene3d"], "asDropdown": True}
