"""A first look at photos on the command line, without reconstructing them."""

import tempfile
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from jobs.commandline import find_sources, telling_problems
from jobs.console import ConsoleProgress
from scene3d.background.host import configured_host
from scene3d.engine.checking import prepare_photos
from scene3d.engine.preflight import Preflight, look_over
from scene3d.engine.public import DEFAULT_PRESET, PRESETS
from scene3d.engine.workspace import Workspace


class Command(BaseCommand):
    help = (
        "Look at a folder or ZIP of photos for some seconds: what is blurred, dark, repeated or"
        " alone, and what a reconstruction would take. Exit code 0: they can be tried; 2: they"
        " cannot; 1: a problem of this machine."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("photos", type=Path, metavar="FOLDER_OR_ZIP")
        parser.add_argument("--preset", choices=PRESETS, default=DEFAULT_PRESET)
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        progress = ConsoleProgress()
        with telling_problems(progress, traceback=options["traceback"]):
            preflight = _look(options["photos"], options["preset"], progress)
        words = preflight.model_dump_json(indent=1) if options["json"] else _summary(preflight)
        self.stdout.write(words)


def _look(photos: Path, preset: str, progress: ConsoleProgress) -> Preflight:
    host = configured_host()
    chosen = PRESETS[preset].options
    with tempfile.TemporaryDirectory(prefix="scene3d-preflight-") as folder:
        workspace = Workspace(Path(folder) / "work")
        sources = find_sources(photos, Path(folder) / "unpacked")
        workspace.prepare()
        photo_set = prepare_photos(sources, chosen.photos, workspace, progress, host)
        return look_over(photo_set, chosen, workspace, progress, host)


def _summary(preflight: Preflight) -> str:
    lines = [
        f"{preflight.num_readable} of {preflight.num_photos} files are photos; expect about"
        f" {max(preflight.expected_seconds / 60, 0.5):.1f} min and"
        f" {preflight.expected_memory_mb} MB of memory"
    ]
    lines += [
        f"  {advice.message} {', '.join(advice.photos)} ({advice.code})"
        for advice in preflight.advice
    ]
    return "\n".join(lines if preflight.advice else [*lines, "  no problem seen"])
