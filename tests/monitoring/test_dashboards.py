"""Dashboards: committed as generated, and of nothing that is not there."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from django.test import Client

from accounts.models import User
from jobs.states import JobState
from jobs.worker_models import Worker
from scene3d.monitoring.dashboards import DASHBOARDS, FOLDER, write_dashboards
from scene3d.monitoring.grafana import Dashboard
from scene3d.monitoring.local import RULES, read_yaml
from tests.jobs.builders import make_done, make_in_state

OF_PROMETHEUS_ITSELF = {"up"}
CARD = {
    "index": 0, "name": "H100", "memory_used_bytes": 1e9, "memory_total_bytes": 8e10,
    "utilization": 0.5,
}  # fmt: skip
MACHINE = {
    "load": 0.5, "memory_available_bytes": 1e9, "memory_total_bytes": 2e9, "gpus": [CARD],
}  # fmt: skip

by_uid = pytest.mark.parametrize("dashboard", DASHBOARDS, ids=lambda board: board.uid)


def metrics_of(expr: str) -> set[str]:
    """Names in a PromQL expression: what stands before a selector, a range or an operator, and
    is no function, no word of the language, and not within braces, quotes or brackets."""
    bare = re.sub(r'"[^"]*"|\{[^}]*\}|\[[^\]]*\]', " ", expr)
    bare = re.sub(r"\b(by|on|without|ignoring)\s*\([^)]*\)", " ", bare)
    names = re.findall(r"(?<![\w.])[a-zA-Z_:][\w:]*", bare)
    return {name for name in names if not re.search(rf"\b{name}\s*\(", bare)} - {"and", "or"}


def test_names_are_found_in_expressions() -> None:
    expr = 'sum by (le) (rate(a_bucket{x="b"}[5m])) / on (job) c and d > 1e3 or time() - e:f'
    assert metrics_of(expr) == {"a_bucket", "c", "d", "e:f"}


def test_what_is_committed_is_what_is_generated(tmp_path: Path) -> None:
    written = {path.name: path.read_text() for path in write_dashboards(tmp_path)}
    assert written == {path.name: path.read_text() for path in FOLDER.iterdir()}


@by_uid
def test_a_dashboard_is_whole(dashboard: Dashboard) -> None:
    content = json.loads((FOLDER / f"{dashboard.uid}.json").read_text())
    places = [panel["gridPos"] for panel in content["panels"]]
    cells = [
        (x, y)
        for place in places
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(cells) == len(set(cells))  # no panel lies on another
    assert max(x for x, _ in cells) == 23
    assert len({panel["title"] for panel in content["panels"]}) == len(places) >= 5
    assert all(panel["targets"] for panel in content["panels"])


@by_uid
def test_every_expression_parses(dashboard: Dashboard, tmp_path: Path) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed")
    recorded = [
        {"record": f"of:dashboard{index}", "expr": expr}
        for index, expr in enumerate(dashboard.expressions)
    ]
    path = tmp_path / "rules.yml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "g", "rules": recorded}]}))
    done = subprocess.run(
        [promtool, "check", "rules", path], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture
def served(client: Client, alice: User) -> set[str]:
    """Names that a scrape of a server with some work behind it has; with or without samples yet."""
    make_done(alice)
    make_in_state(alice, JobState.FAILED)
    Worker.objects.create(name="a", network_loads={"aliked-n16": 1}, machine=MACHINE)
    client.get("/api/v1/jobs/")
    page = client.get("/metrics").content.decode()
    declared = re.findall(r"^# TYPE (\S+) (?:counter|gauge)$", page, re.MULTILINE)
    return {*declared, *re.findall(r"^([a-zA-Z_:][\w:]*)[{ ]", page, re.MULTILINE)}


def test_dashboards_and_rules_use_what_is_served(served: set[str]) -> None:
    of_dashboards = [expr for dashboard in DASHBOARDS for expr in dashboard.expressions]
    of_rules = [
        rule["expr"]
        for path in RULES.glob("*.yml")
        for group in read_yaml(path)["groups"]
        for rule in group["rules"]
    ]
    used = set().union(*map(metrics_of, of_dashboards + of_rules))
    assert len(used) > 25
    assert used - served - OF_PROMETHEUS_ITSELF == set()


def test_our_names_are_as_prometheus_wants_them(client: Client, alice: User) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed")
    make_done(alice)
    Worker.objects.create(name="a", network_loads={"aliked-n16": 1}, machine=MACHINE)
    page = client.get("/metrics").content
    done = subprocess.run(
        [promtool, "check", "metrics"], input=page, capture_output=True, check=False
    )
    assert [line for line in done.stderr.decode().splitlines() if "scene3d" in line] == []
