"""The configuration of docker/, for Prometheus and Alertmanager on a machine without Docker.

Rules, routes and inhibition are the same; addresses and the places of secrets are this machine's.
"""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from scene3d.settings.env import BASE_DIR

DOCKER = BASE_DIR / "docker"
RULES = DOCKER / "prometheus" / "rules"

_DURATION = re.compile(r"(\d+)(ms|s|m|h|d)")
_RANGE = re.compile(r"\[(\d+(?:ms|s|m|h|d))\]")
_MS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_DURATION_KEYS = frozenset(
    {
        "scrape_interval", "evaluation_interval", "for", "keep_firing_for", "group_wait",
        "group_interval", "repeat_interval",
    }
)  # fmt: skip
_SHORTEST_MS = 1000


@dataclass(frozen=True, kw_only=True)
class Addresses:
    """Where things are, each as host:port, from where Prometheus and Alertmanager run."""

    portal: str = "127.0.0.1:8000"
    prometheus: str = "127.0.0.1:9090"
    alertmanager: str = "127.0.0.1:9093"


def write_local(
    folder: Path, addresses: Addresses, *, metrics_token: str | None, speed_up: int = 1
) -> Path:
    """prometheus.yml, rules/, alertmanager.yml and alerts_token in `folder`; what was there is
    written anew, but the token stays.

    Args:
        metrics_token: that of the portal, if it asks for one.
        speed_up: every duration becomes so many times shorter, but no shorter than a second: an
            afternoon's alarms within a minute, for trying them out.
    Returns:
        The file with the token that the portal is to be started with.
    """
    (folder / "rules").mkdir(parents=True, exist_ok=True)
    token = _secret(folder / "alerts_token")
    metrics = _secret(folder / "metrics_token", metrics_token) if metrics_token else None
    _write(folder / "prometheus.yml", _prometheus(addresses, metrics), speed_up)
    _write(folder / "alertmanager.yml", _alertmanager(addresses, token), speed_up)
    for rules in sorted(RULES.glob("*.yml")):
        _write(folder / "rules" / rules.name, read_yaml(rules), speed_up)
    return token


def read_yaml(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def _prometheus(addresses: Addresses, metrics_token: Path | None) -> dict[str, Any]:
    """Of the scrape configurations, those that are on every machine."""
    config: dict[str, Any] = read_yaml(DOCKER / "prometheus" / "prometheus.yml")
    targets = {
        "scene3d": addresses.portal,
        "prometheus": addresses.prometheus,
        "alertmanager": addresses.alertmanager,
    }
    jobs = [job for job in config["scrape_configs"] if job["job_name"] in targets]
    for job in jobs:
        job["static_configs"] = [{"targets": [targets[job["job_name"]]]}]
        if job.pop("authorization", None) and metrics_token:
            job["authorization"] = {"credentials_file": str(metrics_token)}
    alerting = {"alertmanagers": [{"static_configs": [{"targets": [addresses.alertmanager]}]}]}
    return {**config, "scrape_configs": jobs, "alerting": alerting}


def _alertmanager(addresses: Addresses, token: Path) -> dict[str, Any]:
    config: dict[str, Any] = read_yaml(DOCKER / "alertmanager" / "alertmanager.yml")
    for receiver in config["receivers"]:
        for webhook in receiver["webhook_configs"]:
            webhook["url"] = f"http://{addresses.portal}/api/v1/alerts/"
            webhook["http_config"]["authorization"]["credentials_file"] = str(token)
    return config


def _secret(path: Path, value: str | None = None) -> Path:
    """Only its owner can read it."""
    if value is not None or not path.exists():
        path.touch(mode=0o600)
        path.write_text(value or secrets.token_urlsafe(32))
    return path.resolve()


def _write(path: Path, content: Any, speed_up: int) -> None:
    text = yaml.safe_dump(_faster(content, speed_up), sort_keys=False, allow_unicode=True)
    path.write_text(text, encoding="utf-8")


def _faster(content: Any, speed_up: int) -> Any:
    if isinstance(content, list):
        return [_faster(item, speed_up) for item in content]
    if isinstance(content, Mapping):
        return {key: _faster_value(key, value, speed_up) for key, value in content.items()}
    return content


def _faster_value(key: str, value: Any, speed_up: int) -> Any:
    if key in _DURATION_KEYS:
        return _shortened(value, speed_up)
    if key == "expr":
        return _RANGE.sub(lambda found: f"[{_shortened(found[1], speed_up)}]", value)
    return _faster(value, speed_up)


def _shortened(duration: str, speed_up: int) -> str:
    total_ms = sum(int(number) * _MS[unit] for number, unit in _DURATION.findall(duration))
    if speed_up == 1 or total_ms == 0:
        return duration
    return f"{max(total_ms // speed_up, _SHORTEST_MS)}ms"
