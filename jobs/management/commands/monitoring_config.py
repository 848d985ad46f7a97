"""Prometheus and Alertmanager for this machine, without Docker."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from scene3d.commandline import OutputNotWritable, telling_problems
from scene3d.monitoring.local import Addresses, write_local


class Command(BaseCommand):
    help = (
        "Write what docker/prometheus and docker/alertmanager hold, with this machine's addresses,"
        " and a token for alerts; say how to start everything."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        default = Path(settings.DATA_DIR) / "monitoring"
        portal = f"{settings.ENV.host}:{settings.ENV.port}"
        parser.add_argument("folder", type=Path, nargs="?", default=default, metavar="FOLDER")
        parser.add_argument("--portal", default=portal, metavar="HOST:PORT")
        parser.add_argument("--prometheus", default=Addresses.prometheus, metavar="HOST:PORT")
        parser.add_argument("--alertmanager", default=Addresses.alertmanager, metavar="HOST:PORT")
        parser.add_argument(
            "--speed-up",
            type=int,
            default=1,
            metavar="N",
            help="Divide every duration by N, to try alarms out.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        folder = options["folder"].resolve()
        addresses = Addresses(
            portal=options["portal"],
            prometheus=options["prometheus"],
            alertmanager=options["alertmanager"],
        )
        with telling_problems(traceback=options["traceback"]):
            token = _write(folder, addresses, speed_up=max(options["speed_up"], 1))
        self.stdout.write(
            f"SCENE3D_ALERTS_TOKEN_FILE={token} make run\n"
            f"prometheus --config.file={folder}/prometheus.yml"
            f" --storage.tsdb.path={folder}/prometheus"
            f" --web.listen-address={addresses.prometheus}\n"
            f"prometheus-alertmanager --config.file={folder}/alertmanager.yml"
            f" --storage.path={folder}/alertmanager"
            f" --web.listen-address={addresses.alertmanager} --cluster.listen-address="
        )


def _write(folder: Path, addresses: Addresses, *, speed_up: int) -> Path:
    """Raises: OutputNotWritable."""
    try:
        return write_local(
            folder, addresses, metrics_token=settings.METRICS_TOKEN, speed_up=speed_up
        )
    except OSError as error:
        raise OutputNotWritable(f"{folder}: {error.strerror}.") from error
