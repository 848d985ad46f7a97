"""The web process of the embedded stack."""

from argparse import ArgumentParser
from typing import Any

import uvicorn
from django.core.management.base import BaseCommand

from scene3d.engine.native.lifetime import die_with_parent


class Command(BaseCommand):
    help = "Serve the portal and the API."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--parent-pid", type=int, help="End when this process ends.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["parent_pid"]:
            die_with_parent(options["parent_pid"])
        uvicorn.run(
            "scene3d.asgi:application",
            host=options["host"],
            port=options["port"],
            lifespan="off",
            server_header=False,
            access_log=False,
            log_level="warning",
            timeout_graceful_shutdown=2,  # event streams never end by themselves
        )
