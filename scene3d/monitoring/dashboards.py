"""Grafana's dashboards of this service. `manage.py dashboards` writes them to docker/grafana."""

import json
from pathlib import Path

from scene3d.monitoring.local import DOCKER
from scene3d.monitoring.state_dashboards import API, DRIFT, HARDWARE
from scene3d.monitoring.work_dashboards import QUEUE, REGISTRATION, THROUGHPUT

FOLDER = DOCKER / "grafana" / "dashboards"

DASHBOARDS = (THROUGHPUT, REGISTRATION, HARDWARE, DRIFT, QUEUE, API)


def write_dashboards(folder: Path = FOLDER) -> list[Path]:
    """One JSON file each."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for dashboard in DASHBOARDS:
        path = folder / f"{dashboard.uid}.json"
        text = json.dumps(dashboard.to_json(), indent=1, ensure_ascii=False)
        path.write_text(text + "\n", encoding="utf-8")
        paths.append(path)
    return paths
