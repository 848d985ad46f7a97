"""Photos to a point cloud on the command line: no server, no database, no queue."""

import signal
import tempfile
from argparse import ArgumentParser, BooleanOptionalAction
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from jobs.commandline import find_sources, output_folder, publish, telling_problems
from jobs.console import ConsoleProgress
from scene3d.background.host import configured_host
from scene3d.commandline import give_up
from scene3d.engine.pipeline import reconstruct
from scene3d.engine.public import (
    DEFAULT_PRESET,
    EXTRACTOR_ALIASES,
    PRESETS,
    ReconstructionOptions,
    with_extractor,
)
from scene3d.engine.report import DenseRow, Report
from scene3d.engine.workspace import Workspace

EXIT_PARTIAL = 3


class Command(BaseCommand):
    help = (
        "Reconstruct a folder or ZIP of photos. OUTPUT gets models/0 (COLMAP, the largest scene),"
        " points.ply, points_sparse.ply, points_full.ply, cameras.json and report.json. Exit code"
        " 0: done; 2: a problem with the photos or the options; 1: a problem of this machine; 3:"
        " Ctrl-C, the time limit or a crash ended the work, and what there was is the result; 130:"
        " Ctrl-C, and nothing was written."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("photos", type=Path, metavar="FOLDER_OR_ZIP")
        parser.add_argument("--output", type=Path, required=True, metavar="DIR")
        parser.add_argument("--preset", choices=PRESETS, default=DEFAULT_PRESET)
        parser.add_argument(
            "--features",
            metavar="NAME",
            help="sift, aliked (" + ", ".join(EXTRACTOR_ALIASES.values()) + "), aliked-n16rot,"
            " aliked-n32 or aliked-t16.",
        )
        parser.add_argument(
            "--matcher",
            metavar="NAME",
            help="mutual_nearest, or lightglue, which takes aliked where no --features are named.",
        )
        parser.add_argument("--mapper", metavar="NAME", help="incremental or global.")
        parser.add_argument(
            "--pairs", metavar="NAME", help="auto, exhaustive, sequential or similar."
        )
        parser.add_argument(
            "--dense",
            action=BooleanOptionalAction,
            help="Fill in surfaces, or not; otherwise as the preset says.",
        )
        parser.add_argument(
            "--hold-out",
            nargs="+",
            default=[],
            metavar="NAME",
            help="Photos that are placed, but that the surfaces must not come from.",
        )
        parser.add_argument("--seed", type=int)
        parser.add_argument(
            "--time-limit-s",
            type=float,
            metavar="S",
            help="End after this long, with the photos that are placed by then.",
        )
        parser.add_argument("--json", action="store_true", help="Print the report.")

    def handle(self, *args: Any, **options: Any) -> None:
        progress = ConsoleProgress(time_limit_s=options["time_limit_s"])
        with (
            telling_problems(progress, traceback=options["traceback"]),
            _stopped_by_ctrl_c(progress),
        ):
            report = _reconstruct(options, progress)
        self.stdout.write(report.model_dump_json(indent=1) if options["json"] else _summary(report))
        if report.partial_reason:
            give_up(EXIT_PARTIAL, _partial_words(report))


@contextmanager
def _stopped_by_ctrl_c(progress: ConsoleProgress) -> Iterator[None]:
    """The first Ctrl-C asks the run to stop, the second one is Python's own."""

    def stop(_number: int, _frame: object) -> None:
        signal.signal(signal.SIGINT, before)
        progress.stop()

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _reconstruct(options: dict[str, Any], progress: ConsoleProgress) -> Report:
    chosen = _choose_options(options)
    host = configured_host()
    with (
        output_folder(options["output"]) as output,
        tempfile.TemporaryDirectory(prefix=".scene3d-", dir=output) as folder,
    ):
        workspace = Workspace(Path(folder) / "work")
        sources = find_sources(options["photos"], Path(folder) / "unpacked")
        report = reconstruct(sources, chosen, workspace, progress, host)
        publish(workspace.result_dir, output)
    return report


def _choose_options(options: dict[str, Any]) -> ReconstructionOptions:
    cloud = {"voxel_size": settings.ENV.voxel_size, "max_points": settings.ENV.max_points}
    chosen = PRESETS[options["preset"]].options.merged({"cloud": cloud})
    features = options["features"] or ("aliked" if options["matcher"] == "lightglue" else None)
    if features:
        chosen = with_extractor(chosen, features)
    wishes = {
        "matching": {"matcher": options["matcher"]},
        "mapping": {"mapper": options["mapper"]},
        "pairs": {"strategy": options["pairs"]},
    }
    dense: dict[str, Any] = {"hold_out": options["hold_out"]}
    if options["dense"] is not None:
        dense["enabled"] = options["dense"]
    named = {stage: wish for stage, wish in wishes.items() if None not in wish.values()}
    seed = {} if options["seed"] is None else {"seed": options["seed"]}
    return chosen.merged({**named, **seed, "dense": dense})


def _partial_words(report: Report) -> str:
    counts = report.counts
    if report.dense.status == "failed":
        return f"partial: The photos are placed, their surfaces are missing: {report.dense.message}"
    return (
        f"partial: Stopped after {counts.num_registered} of {counts.num_photos} photos"
        f" ({report.partial_reason}). Run it again for the rest."
    )


def _dense_words(dense: DenseRow) -> str:
    if dense.status == "failed":
        return f"no surfaces: {dense.message}"
    left_out = f", without {', '.join(dense.left_out)}" if dense.left_out else ""
    note = f" ({dense.message})" if dense.message else ""
    return f"surfaces of {dense.num_photos} photos, {dense.num_points:,} points{left_out}{note}"


def _summary(report: Report) -> str:
    counts, largest = report.counts, report.models[0]
    lines = [
        f"{counts.num_registered} of {counts.num_photos} photos placed,"
        f" {counts.num_points:,} points, mean error {largest.mean_error_px:.2f} px,"
        f" {report.total_seconds:.1f} s",
    ]
    if report.dense.status != "off":
        lines.append(_dense_words(report.dense))
    if counts.num_rescued:
        lines.append(f"{counts.num_rescued} of them at a second look, with learned features")
    if len(report.models) > 1:
        lines.append(f"{len(report.models)} separate models; the largest is models/0")
    lines += [
        f"  not placed: {photo.name}: {photo.explanation} ({photo.reason})"
        for photo in report.photos
        if photo.status != "registered"
    ]
    return "\n".join(lines)
