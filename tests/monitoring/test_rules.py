"""Prometheus' and Alertmanager's configuration: by their own tools, and by what they promise."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from scene3d.monitoring.local import DOCKER, RULES, Addresses, read_yaml, write_local

ALERTS = {
    "FeatureDriftDetected", "InputBrightnessDrift", "InputContrastDrift", "PerformanceDecay",
    "ModelServerDown", "HighAPIErrorRate", "HighInferenceLatency", "QueueStalled",
    "ReconcilerSilent", "DiskWillFill", "Watchdog",
}  # fmt: skip
ALWAYS_FIRES = "Watchdog"
DRIFT_ALERTS = {
    "FeatureDriftDetected",
    "InputBrightnessDrift",
    "InputContrastDrift",
    "PerformanceDecay",
}


def rules() -> list[dict[str, Any]]:
    return [
        rule
        for path in sorted(RULES.glob("*.yml"))
        for group in read_yaml(path)["groups"]
        for rule in group["rules"]
    ]


def tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def test_every_rule_is_there_and_says_what_it_means() -> None:
    assert {rule["alert"] for rule in rules()} == ALERTS
    for rule in rules():
        assert rule["annotations"]["summary"].endswith(".")
        assert rule["annotations"]["description"]
        assert rule["labels"]["severity"] in {"none", "warning", "critical"}
        assert ("for" in rule) == (rule["alert"] != ALWAYS_FIRES)
        assert (rule["labels"]["category"] == "drift") == (rule["alert"] in DRIFT_ALERTS)


@pytest.mark.parametrize("alert", sorted(ALERTS))
def test_every_rule_is_tested_firing_and_silent(alert: str) -> None:
    cases = [
        case
        for path in (DOCKER / "prometheus" / "tests").glob("*.yml")
        for test in read_yaml(path)["tests"]
        for case in test["alert_rule_test"]
        if case["alertname"] == alert
    ]
    assert any(case["exp_alerts"] for case in cases)
    assert any(not case["exp_alerts"] for case in cases) or alert == ALWAYS_FIRES


def test_the_tools_agree() -> None:
    tool("promtool"), tool("amtool")
    done = subprocess.run([DOCKER / "check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "skipped" not in done.stdout


def test_without_the_tools_the_check_says_so(tmp_path: Path) -> None:
    for name in ("bash", "dirname", "env"):
        (tmp_path / name).symlink_to(f"/usr/bin/{name}")
    done = subprocess.run(
        ["/usr/bin/bash", DOCKER / "check"],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.count("is not installed: skipped") == 4


@pytest.mark.parametrize(
    ("labels", "receiver"),
    [("category=drift", "portal"), ("category=watchdog", "portal"), ("alertname=Else", "portal")],
)
def test_where_alerts_go(labels: str, receiver: str) -> None:
    config = DOCKER / "alertmanager" / "alertmanager.yml"
    done = subprocess.run(
        [tool("amtool"), "config", "routes", "test", f"--config.file={config}", labels],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == receiver


def test_scraping_is_as_often_as_promised() -> None:
    config = read_yaml(DOCKER / "prometheus" / "prometheus.yml")
    default = config["global"]["scrape_interval"]
    every = {
        job["job_name"]: job.get("scrape_interval", default) for job in config["scrape_configs"]
    }
    assert every == {
        "scene3d": "10s", "mlflow": "30s", "airflow": "15s", "node": "15s", "valkey": "15s",
        "postgresql": "15s", "prometheus": "15s", "alertmanager": "15s",
    }  # fmt: skip


def test_drift_alerts_are_held_back_while_no_worker_runs() -> None:
    config = read_yaml(DOCKER / "alertmanager" / "alertmanager.yml")
    assert {
        "source_matchers": ['alertname="ModelServerDown"'],
        "target_matchers": ['category="drift"'],
    } in config["inhibit_rules"]
    [drift] = [route for route in config["route"]["routes"] if "drift" in route["matchers"][0]]
    assert drift["group_by"] == ["category"]


# ----------------------------------------------------------------- on a machine without Docker


def test_the_local_configuration_is_the_same_with_other_addresses(tmp_path: Path) -> None:
    addresses = Addresses(
        portal="127.0.0.1:8123", prometheus="127.0.0.1:9190", alertmanager="127.0.0.1:9193"
    )
    token = write_local(tmp_path, addresses, metrics_token=None)
    assert len(token.read_text()) >= 32
    assert token.stat().st_mode & 0o777 == 0o600
    for path in RULES.glob("*.yml"):
        assert read_yaml(tmp_path / "rules" / path.name) == read_yaml(path)
    prometheus = read_yaml(tmp_path / "prometheus.yml")
    assert [
        (job["job_name"], job["static_configs"][0]["targets"], "authorization" in job)
        for job in prometheus["scrape_configs"]
    ] == [
        ("scene3d", ["127.0.0.1:8123"], False),
        ("prometheus", ["127.0.0.1:9190"], False),
        ("alertmanager", ["127.0.0.1:9193"], False),
    ]
    alertmanager = read_yaml(tmp_path / "alertmanager.yml")
    [webhook] = alertmanager["receivers"][0]["webhook_configs"]
    assert webhook["url"] == "http://127.0.0.1:8123/api/v1/alerts/"
    assert webhook["http_config"]["authorization"]["credentials_file"] == str(token)
    committed = read_yaml(DOCKER / "alertmanager" / "alertmanager.yml")
    assert alertmanager["route"] == committed["route"]
    assert alertmanager["inhibit_rules"] == committed["inhibit_rules"]
    again = write_local(tmp_path, addresses, metrics_token="shown")
    assert again.read_text() == token.read_text()
    [job, *_] = read_yaml(tmp_path / "prometheus.yml")["scrape_configs"]
    assert Path(job["authorization"]["credentials_file"]).read_text() == "shown"


def test_made_faster_only_durations_change(tmp_path: Path) -> None:
    write_local(tmp_path, Addresses(), metrics_token=None, speed_up=60)
    fast = {
        rule["alert"]: rule
        for path in (tmp_path / "rules").glob("*.yml")
        for group in read_yaml(path)["groups"]
        for rule in group["rules"]
    }
    assert fast["PerformanceDecay"]["for"] == "10000ms"
    assert fast["HighInferenceLatency"]["expr"].endswith("[60000ms]))) > 600")
    assert "[360000ms], 86400)" in fast["DiskWillFill"]["expr"]
    for rule in rules():
        kept = {key: rule[key] for key in ("alert", "labels", "annotations")}
        assert {key: fast[rule["alert"]][key] for key in kept} == kept
    route = read_yaml(tmp_path / "alertmanager.yml")["route"]
    assert (route["group_wait"], route["repeat_interval"]) == ("1000ms", "240000ms")
    assert route["routes"][1]["group_wait"] == "0s"
    for name, command in (("prometheus.yml", "promtool"), ("alertmanager.yml", "amtool")):
        words = ["check", "config"] if command == "promtool" else ["check-config"]
        subprocess.run([tool(command), *words, tmp_path / name], check=True, capture_output=True)


def test_the_command_writes_it_and_says_how_to_start(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("monitoring_config", tmp_path / "here", portal="127.0.0.1:8321")
    said = capsys.readouterr().out.splitlines()
    assert [line.split()[-1] for line in said[:1]] == ["run"]
    assert said[0].startswith(f"SCENE3D_ALERTS_TOKEN_FILE={tmp_path}/here/alerts_token ")
    assert [line.split()[0] for line in said[1:]] == ["prometheus", "prometheus-alertmanager"]
    (tmp_path / "file").touch()
    with pytest.raises(SystemExit) as ended:
        call_command("monitoring_config", tmp_path / "file")
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith("output_not_writable: ")
