"""The web processes of the embedded stack."""

import os
import tempfile
from argparse import ArgumentParser
from typing import Any

import uvicorn
from django.conf import settings
from django.core.management.base import BaseCommand

from scene3d.engine.native.lifetime import die_with_parent
from scene3d.http.metrics import SHARED_FOLDER


class Command(BaseCommand):
    help = "Serve the portal and the API."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--processes", type=int, default=settings.ENV.web_processes)
        parser.add_argument("--parent-pid", type=int, help="End when this process ends.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["parent_pid"]:
            die_with_parent(options["parent_pid"])
        if options["processes"] == 1:
            _serve("scene3d.asgi:application", options)
            return
        with tempfile.TemporaryDirectory(prefix="scene3d-metrics-") as folder:
            os.environ[SHARED_FOLDER] = folder  # for the processes to be started, not for this one
            _serve("jobs.web_process:application", options)


def _serve(application: str, options: dict[str, Any]) -> None:
    uvicorn.run(
        application,
        host=options["host"],
        port=options["port"],
        workers=options["processes"],
        lifespan="off",
        server_header=False,
        proxy_headers=False,  # SCENE3D_NUM_PROXIES says whom we believe
        access_log=False,
        log_level="warning",
        timeout_graceful_shutdown=2,  # event streams never end by themselves
    )
