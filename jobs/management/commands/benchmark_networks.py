"""ALIKED and LightGlue in batches beside kornia's own, on this machine's device."""

from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from jobs.commandline import output_folder, telling_problems
from jobs.console import ConsoleProgress
from scene3d.background.host import configured_host
from scene3d.engine.benchmark.networks import NetworkOptions, measure_networks, publish
from scene3d.engine.host import Host


class Command(BaseCommand):
    help = (
        "Photos and pairs a second that the networks take in batches, beside kornia's own called"
        " once for each, and how much of what they find is the same. OUTPUT gets networks.json and"
        " networks.md. Without a graphics card, ask for a few photos and pairs only."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        usual = NetworkOptions()
        parser.add_argument(
            "folder", type=Path, nargs="?", help="Of photos; rendered ones without."
        )
        parser.add_argument("--output", type=Path, required=True, metavar="DIR")
        parser.add_argument("--photos", type=_count, default=usual.num_photos)
        parser.add_argument("--pairs", type=_count, default=usual.num_pairs)
        parser.add_argument("--batch-sizes", type=_count, nargs="+", default=usual.batch_sizes)
        parser.add_argument("--repeats", type=_count, default=usual.num_repeats)

    def handle(self, *args: Any, **options: Any) -> None:
        wanted = NetworkOptions(
            num_photos=options["photos"],
            num_pairs=options["pairs"],
            batch_sizes=options["batch_sizes"],
            num_repeats=options["repeats"],
        )
        progress = ConsoleProgress()
        with (
            telling_problems(progress, traceback=options["traceback"]),
            output_folder(options["output"]) as output,
        ):
            table = self._measure(options["folder"], wanted, configured_host(), output)
        self.stdout.write(table)

    def _measure(
        self, folder: Path | None, wanted: NetworkOptions, host: Host, output: Path
    ) -> str:
        rows = []
        for row in measure_networks(folder, wanted, host):
            rows.append(row)
            self.stderr.write(f"{row.work}, {row.way}: {row.per_second:.2f} a second")
        return publish(rows, host, output)


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise ArgumentTypeError(f"{text} is no positive number")
    return int(text)
