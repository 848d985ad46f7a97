"""Presets beside COLMAP's defaults, on the same photos, in one run."""

import platform
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from scene3d.background.host import configured_host
from scene3d.commandline import telling_problems
from scene3d.engine.benchmark.contest import Contestant, run_contest
from scene3d.engine.benchmark.dense import dense_markdown, run_dense
from scene3d.engine.benchmark.dense_growth import SIZES as DENSE_SIZES
from scene3d.engine.benchmark.dense_growth import dense_growth_markdown, measure_dense_growth
from scene3d.engine.benchmark.growth import SIZES, growth_markdown, measure_growth
from scene3d.engine.benchmark.publishing import write_results
from scene3d.engine.benchmark.scenes import BenchmarkScene, find_scenes
from scene3d.engine.benchmark.table import markdown
from scene3d.engine.public import DEFAULT_PRESET, PRESETS
from scene3d.settings.env import BASE_DIR

ANCHOR = "colmap"


class Command(BaseCommand):
    help = (
        "Time and score presets beside COLMAP's defaults, each as a whole process. DATA has"
        " train/, train_labels.csv and train_thresholds.csv in the challenge's layout, and folders"
        " of photos in photos/; any may be missing. Datasets of several scenes run a second time as"
        " one upload, with the challenge's score. OUTPUT gets benchmark.json and benchmark.md."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("data", type=Path)
        parser.add_argument("--output", type=Path, required=True, metavar="DIR")
        parser.add_argument("--scenes", nargs="+", metavar="NAME", help="All of them without.")
        parser.add_argument("--presets", nargs="+", choices=PRESETS, default=list(PRESETS))
        parser.add_argument(
            "--repeats", type=int, default=1, help="Runs of each, with seeds from 0 on."
        )
        parser.add_argument(
            "--anchors",
            choices=ANCHORS,
            default="colmap",
            help="all: also ALIKED and LightGlue for every pair, which takes long. With --dense,"
            " colmap gives the dense stage's time over that of COLMAP's defaults.",
        )
        parser.add_argument(
            "--growth",
            nargs="*",
            type=int,
            metavar="PHOTOS",
            help="Instead, time rendered scenes of so many photos (50, 100, 200 and 400 if none are"
            " named) up to mapping; DATA is not read. With --dense, time the dense stage of 25, 50"
            " and 100, over the poses that they were rendered from.",
        )
        parser.add_argument(
            "--dense",
            action="store_true",
            help="Instead, judge the surfaces of the standard preset: by every third photo, held"
            " out one after the other, and on rendered scenes by the true surface. OUTPUT gets"
            " dense.json and dense.md.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["growth"] is not None and options["dense"]:
            self._grow_densely(options["growth"] or DENSE_SIZES, options["output"])
            return
        if options["growth"] is not None:
            self._grow(options["growth"] or SIZES, options["output"])
            return
        with telling_problems(traceback=options["traceback"]):
            found = find_scenes(options["data"])
        scenes = _chosen(found, options["scenes"])
        if options["dense"]:
            anchor = None if options["anchors"] == "none" else _colmap()
            self._judge_surfaces(scenes, anchor, options["output"])
            return
        contestants = [make() for make in ANCHORS[options["anchors"]]]
        contestants += [_preset(name) for name in options["presets"]]
        rows = []
        for row in run_contest(scenes, contestants, options["repeats"]):
            rows.append(row)
            self.stderr.write(
                f"{row.scene} {row.contestant}: {row.num_registered} of {row.num_photos} photos,"
                f" {row.measured.seconds:.1f} s"
            )
        table = markdown(rows, ANCHOR)
        content = {
            "machine": platform.machine(),
            "num_threads": settings.ENV.num_threads,
            "rows": [asdict(row) for row in rows],
        }
        self._publish("benchmark", content, table, options["output"])

    def _grow(self, sizes: Sequence[int], output: Path) -> None:
        rows = []
        for row in measure_growth(sorted(sizes), configured_host().num_threads):
            rows.append(row)
            self.stderr.write(f"{row.num_photos} photos: {row.seconds:.1f} s")
        self._publish("growth", [asdict(row) for row in rows], growth_markdown(rows), output)

    def _grow_densely(self, sizes: Sequence[int], output: Path) -> None:
        rows = []
        for row in measure_dense_growth(sorted(sizes), configured_host().num_threads):
            rows.append(row)
            self.stderr.write(f"{row.num_photos} photos: {row.seconds:.1f} s")
        content = [asdict(row) for row in rows]
        self._publish("dense_growth", content, dense_growth_markdown(rows), output)

    def _judge_surfaces(
        self, scenes: Sequence[BenchmarkScene], anchor: Contestant | None, output: Path
    ) -> None:
        rows = []
        options = PRESETS[DEFAULT_PRESET].options
        for row in run_dense(scenes, options, configured_host(), anchor):
            rows.append(row)
            self.stderr.write(f"{row.scene}: {row.num_points:,} points, {row.dense_seconds:.1f} s")
        self._publish("dense", [asdict(row) for row in rows], dense_markdown(rows), output)

    def _publish(self, name: str, content: Any, table: str, output: Path) -> None:
        write_results(name, content, table, output)
        self.stdout.write(table)


def _chosen(scenes: Sequence[BenchmarkScene], names: Sequence[str] | None) -> list[BenchmarkScene]:
    unknown = set(names or ()) - {scene.name for scene in scenes}
    if unknown or not scenes:
        known = ", ".join(scene.name for scene in scenes) or "none"
        raise CommandError(f"No scene {', '.join(sorted(unknown))}; there are: {known}.")
    return [scene for scene in scenes if names is None or scene.name in names]


def _preset(name: str) -> Contestant:
    """Poses are compared, so nobody pays for surfaces."""
    command = [sys.executable, str(BASE_DIR / "manage.py"), "reconstruct"]
    return Contestant(
        name=name,
        command=lambda photos, result, seed: [
            *command, str(photos), "--output", str(result), "--preset", name, "--seed", str(seed),
            "--no-dense",
        ],
    )  # fmt: skip


def _colmap() -> Contestant:
    command = [sys.executable, "-m", "scene3d.engine.colmap.defaults"]
    return Contestant(
        name=ANCHOR, command=lambda photos, result, _seed: [*command, str(photos), str(result)]
    )


def _learned() -> Contestant:
    command = [sys.executable, "-m", "scene3d.engine.benchmark.learned"]
    return Contestant(
        name="aliked+lightglue",
        command=lambda photos, result, _seed: [
            *command, str(photos), str(result), str(settings.MODEL_STORE),
        ],
    )  # fmt: skip


ANCHORS: Mapping[str, Sequence[Callable[[], Contestant]]] = {
    "none": (),
    "colmap": (_colmap,),
    "all": (_colmap, _learned),
}
