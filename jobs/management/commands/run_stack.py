"""Everything on this machine, for daily use."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from scene3d.background.embedded import EmbeddedStack, StackError, require_free_port
from scene3d.commandline import over_on_signals


class Command(BaseCommand):
    help = "Run the embedded stack (Valkey, web, worker) until Ctrl-C."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default=settings.ENV.host)
        parser.add_argument("--port", type=int, default=settings.ENV.port)

    def handle(self, *args: Any, **options: Any) -> None:
        is_over = over_on_signals()
        try:
            require_free_port(options["host"], options["port"])
            prepare_installation(self)
            with EmbeddedStack(host=options["host"], port=options["port"]) as stack:
                stack.wait_until_ready()
                self.stdout.write(self.style.SUCCESS(f"Scene3D is at {stack.url}"))
                self.stdout.write("Ctrl-C ends it; waiting jobs are kept.")
                stack.watch(is_over.is_set)
        except StackError as error:
            raise CommandError(str(error)) from error


def prepare_installation(command: BaseCommand) -> None:
    """Bring the database and the static files up to date; quick when they are."""
    command.stdout.write("Preparing the database and static files …")
    call_command("migrate", verbosity=0, interactive=False)
    call_command("collectstatic", verbosity=0, interactive=False)
