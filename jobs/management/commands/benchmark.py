"""Presets beside COLMAP's defaults, on the same photos, in one run."""

import json
import platform
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from scene3d.engine.benchmark.contest import Contestant, Row, run_contest
from scene3d.engine.benchmark.growth import SIZES, growth_markdown, measure_growth
from scene3d.engine.benchmark.scenes import BenchmarkScene, find_scenes
from scene3d.engine.benchmark.table import markdown
from scene3d.engine.public import PRESETS
from scene3d.settings.env import BASE_DIR

ANCHOR = "colmap"


class Command(BaseCommand):
    help = (
        "Time and score presets beside COLMAP's defaults, each as a whole process. DATA has"
        " train_labels.csv and train/ in the challenge's layout, and folders of photos in photos/;"
        " either may be missing. OUTPUT gets benchmark.json and benchmark.md."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("data", type=Path)
        parser.add_argument("--output", type=Path, required=True, metavar="DIR")
        parser.add_argument("--scenes", nargs="+", metavar="NAME", help="All of them without.")
        parser.add_argument("--presets", nargs="+", choices=PRESETS, default=list(PRESETS))
        parser.add_argument("--repeats", type=int, default=1)
        parser.add_argument(
            "--anchors",
            choices=ANCHORS,
            default="colmap",
            help="all: also ALIKED and LightGlue for every pair, which takes long.",
        )
        parser.add_argument(
            "--growth",
            nargs="*",
            type=int,
            metavar="PHOTOS",
            help="Instead, time rendered scenes of so many photos (50, 100, 200 and 400 if none are"
            " named) up to mapping; DATA is not read.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["growth"] is not None:
            self._grow(options["growth"] or SIZES, options["output"])
            return
        scenes = _chosen(find_scenes(options["data"]), options["scenes"])
        contestants = [_preset(name) for name in options["presets"]]
        contestants = [*ANCHORS[options["anchors"]](), *contestants]
        rows = []
        for row in run_contest(scenes, contestants, options["repeats"]):
            rows.append(row)
            self.stderr.write(
                f"{row.scene} {row.contestant}: {row.num_registered} of {row.num_photos} photos,"
                f" {row.measured.seconds:.1f} s"
            )
        table = markdown(rows, ANCHOR)
        _save(rows, table, options["output"])
        self.stdout.write(table)

    def _grow(self, sizes: Sequence[int], output: Path) -> None:
        rows = []
        for row in measure_growth(sorted(sizes), settings.ENV.num_threads or 2):
            rows.append(row)
            self.stderr.write(f"{row.num_photos} photos: {row.seconds:.1f} s")
        table = growth_markdown(rows)
        output.mkdir(parents=True, exist_ok=True)
        (output / "growth.json").write_text(json.dumps([asdict(row) for row in rows], indent=1))
        (output / "growth.md").write_text(table + "\n")
        self.stdout.write(table)


def _chosen(scenes: Sequence[BenchmarkScene], names: Sequence[str] | None) -> list[BenchmarkScene]:
    unknown = set(names or ()) - {scene.name for scene in scenes}
    if unknown or not scenes:
        known = ", ".join(scene.name for scene in scenes) or "none"
        raise CommandError(f"No scene {', '.join(sorted(unknown))}; there are: {known}.")
    return [scene for scene in scenes if names is None or scene.name in names]


def _preset(name: str) -> Contestant:
    command = [sys.executable, str(BASE_DIR / "manage.py"), "reconstruct"]
    return Contestant(
        name=name,
        command=lambda photos, result: [
            *command, str(photos), "--output", str(result), "--preset", name,
        ],
    )  # fmt: skip


def _colmap() -> Contestant:
    command = [sys.executable, "-m", "scene3d.engine.colmap.defaults"]
    return Contestant(
        name=ANCHOR, command=lambda photos, result: [*command, str(photos), str(result)]
    )


def _learned() -> Contestant:
    command = [sys.executable, "-m", "scene3d.engine.benchmark.learned"]
    return Contestant(
        name="aliked+lightglue",
        command=lambda photos, result: [
            *command, str(photos), str(result), str(settings.MODEL_STORE),
        ],
    )  # fmt: skip


ANCHORS: Mapping[str, Callable[[], list[Contestant]]] = {
    "none": list,
    "colmap": lambda: [_colmap()],
    "all": lambda: [_colmap(), _learned()],
}


def _save(rows: Sequence[Row], table: str, output: Path) -> None:
    output.mkdir(parents=True, exist_ok=True)
    machine = {"machine": platform.machine(), "num_threads": settings.ENV.num_threads}
    content = {**machine, "rows": [asdict(row) for row in rows]}
    (output / "benchmark.json").write_text(json.dumps(content, indent=1))
    (output / "benchmark.md").write_text(table + "\n")
