"""MLflow's own pages on the embedded store."""

import os
import socket
import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from mlops.embedded_store import MLFLOW_ENVIRONMENT, PAGES_OF_RUNS, prepare_store
from mlops.tracker import TrackerUnavailable


class Command(BaseCommand):
    help = (
        "Show what was tracked in MLflow's UI until Ctrl-C. It knows no log-in: whoever reaches the"
        " address may change everything."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="Default: this machine alone.")
        parser.add_argument("--port", type=int, default=5000)

    def handle(self, *args: Any, **options: Any) -> None:
        host, port = options["host"], options["port"]
        if not settings.IS_TRACKER_EMBEDDED:
            raise CommandError("MLFLOW_TRACKING_URI names a server: open that address instead.")
        _require_free_port(host, port)
        try:
            prepare_store(settings.MLFLOW_TRACKING_URI)
        except TrackerUnavailable as problem:
            raise CommandError(
                f"{problem.code}: {problem.message} {problem.next_step}"
            ) from problem
        address = f"http://{host}:{port}/#/experiments?{PAGES_OF_RUNS}"
        self.stdout.write(f"In some seconds MLflow will be at {address} (Ctrl-C ends it).")
        self.stdout.flush()
        command = _server_command(host, port)
        os.execve(command[0], command, {**os.environ, **MLFLOW_ENVIRONMENT})  # noqa: S606  # no shell


def _server_command(host: str, port: int) -> list[str]:
    """MLflow's server takes our place, so that Ctrl-C and signals reach it."""
    return [
        sys.executable, "-m", "mlflow", "server",
        "--backend-store-uri", settings.MLFLOW_TRACKING_URI,
        "--default-artifact-root", str(settings.MLFLOW_ARTIFACT_ROOT),
        "--no-serve-artifacts",  # runs name their files' places on this machine
        "--host", host,
        "--port", str(port),
        "--workers", "1",
        "--uvicorn-opts", "--log-level warning",
    ]  # fmt: skip


def _require_free_port(host: str, port: int) -> None:
    """Raises: CommandError."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CommandError(
                f"{host}:{port}: {error.strerror}. Choose another with --port."
            ) from error
