"""A run repeated from its bundle: does it give the same model?"""

import json
import tempfile
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from jobs.commandline import find_sources, output_folder, publish, telling_problems
from jobs.console import ConsoleProgress
from scene3d.background.host import configured_host
from scene3d.engine.replay import DEFAULT_TOLERANCE, Replay, replay
from scene3d.engine.workspace import Workspace

EXIT_DIFFERENT = 3


class Command(BaseCommand):
    help = (
        "Repeat the run of a bundle and compare the models. OUTPUT gets the new result. Exit code"
        " 0: the same model; 3: another one; 2: a problem with the bundle or its photos; 1: a"
        " problem of this machine."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("bundle", type=Path, metavar="BUNDLE")
        parser.add_argument("--output", type=Path, required=True, metavar="DIR")
        parser.add_argument(
            "--photos",
            type=Path,
            metavar="FOLDER_OR_ZIP",
            help="Where the photos are, if not in the bundle; found by content, not by name.",
        )
        parser.add_argument(
            "--tolerance",
            type=float,
            default=DEFAULT_TOLERANCE,
            help="Largest distance between two positions of a camera that counts as the same, over"
            " the spread of the cameras. Default: %(default)s.",
        )
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        progress = ConsoleProgress()
        with telling_problems(progress, traceback=options["traceback"]):
            outcome = _replay(options, progress)
        if options["json"]:
            document = {**asdict(outcome), "is_same": outcome.is_same}
            self.stdout.write(json.dumps(document, indent=1))
        else:
            self.stdout.write(_summary(outcome))
        if not outcome.is_same:
            raise SystemExit(EXIT_DIFFERENT)


def _replay(options: dict[str, Any], progress: ConsoleProgress) -> Replay:
    host = configured_host()
    with (
        output_folder(options["output"]) as output,
        tempfile.TemporaryDirectory(prefix=".scene3d-", dir=output) as folder,
    ):
        photos = options["photos"]
        candidates = find_sources(photos, Path(folder) / "unpacked") if photos else []
        workspace = Workspace(Path(folder) / "work")
        outcome = replay(
            options["bundle"],
            candidates,
            workspace,
            progress,
            host,
            tolerance=options["tolerance"],
        )
        publish(workspace.result_dir, output)
    return outcome


def _summary(outcome: Replay) -> str:
    same = "the same" if outcome.fingerprint == outcome.expected_fingerprint else "DIFFERENT"
    lines = [
        "The same model." if outcome.is_same else "NOT the same model.",
        f"  options: {same} fingerprint ({outcome.fingerprint})",
        f"  models: {outcome.num_models}, in the bundle {outcome.expected_num_models}",
    ]
    for index, model in enumerate(outcome.models):
        lines.append(
            f"  model {index}: {model.num_cameras} cameras, moved by {model.max_position_error:.2g}"
            f" of their spread at most (tolerance {outcome.tolerance:g}), turned by"
            f" {model.max_rotation_error_deg:.2g}°"
        )
        lines += [f"    not placed any more: {name}" for name in model.missing]
        lines += [f"    placed now: {name}" for name in model.extra]
    lines += [
        f"  {package}: {here} here, {there} in the bundle"
        for package, (there, here) in outcome.other_versions.items()
    ]
    return "\n".join(lines)
