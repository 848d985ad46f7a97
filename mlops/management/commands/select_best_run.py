"""The best of everything that was measured and that may be compared."""

import json
from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from mlops.best_config import write_record, written_selection
from mlops.models import Candidate
from mlops.selection import Selection, score_of, select
from scene3d.commandline import give_up, telling_problems

EXIT_NONE_PASSED = 3
_ROW = "{mark:1} {score:>6} {champion:>8} {registration:>7} {seconds:>8}  {verdict:<20} {name}"
_HEAD = {
    "mark": "", "score": "score", "champion": "champion", "registration": "photos",
    "seconds": "s/photo", "verdict": "state", "name": "experiment: trial (candidate)",
}  # fmt: skip


class Command(BaseCommand):
    help = (
        "List the trials of all finished experiments on the same data and by the same code, and"
        " choose the one with the highest score of those that passed every gate (*) and were not"
        " rejected. Exit code 0: there is one; 2: there is nothing to choose from; 3: none has"
        " passed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--data-hash", metavar="HASH", help="Else that of the newest finished experiment."
        )
        parser.add_argument("--json", action="store_true", help="Print an object instead.")
        parser.add_argument(
            "--output", type=Path, metavar="FILE", help="Such as best_config.yaml, for the best."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        with telling_problems(traceback=options["traceback"]):
            selection = select(options["data_hash"])
        if options["json"]:
            self.stdout.write(json.dumps(_document(selection)))
        else:
            self._tell(selection)
        if selection.best is None:
            give_up(
                EXIT_NONE_PASSED,
                "none_passed: No trial on this data has passed every gate. `manage.py"
                " run_experiment` tries others; its gates say what is wanted.",
            )
        if options["output"]:
            write_record(written_selection(selection, selection.best), options["output"])

    def _tell(self, selection: Selection) -> None:
        self.stdout.write(f"data {selection.data_hash}, code {selection.code_version or 'unknown'}")
        self.stdout.write(_ROW.format(**_HEAD))
        for candidate in selection.candidates:
            self.stdout.write(_line(candidate, is_best=candidate == selection.best))
        left_out = selection.num_other_data + selection.num_other_code
        if left_out:
            self.stdout.write(
                f"Not compared: {selection.num_other_data} finished on other data,"
                f" {selection.num_other_code} by other code."
            )


def _line(candidate: Candidate, *, is_best: bool) -> str:
    metrics = candidate.metrics
    return _ROW.format(
        mark="*" if is_best else "",
        score=f"{score_of(candidate):.2f}",
        champion=f"{metrics['champion']['score']:.2f}",
        registration=f"{metrics['registration']:.1%}",
        seconds=f"{metrics['seconds_per_photo']:.2f}",
        verdict=str(candidate.get_state_display()),
        name=f"{candidate} ({candidate.pk})",
    )


def _document(selection: Selection) -> Mapping[str, Any]:
    best = selection.best
    return {
        "data_hash": selection.data_hash,
        "code_version": selection.code_version,
        "best": _run(best) if best is not None else None,
        "runs": [_run(candidate) for candidate in selection.candidates],
        "not_compared": {
            "other_data": selection.num_other_data,
            "other_code": selection.num_other_code,
        },
    }


def _run(candidate: Candidate) -> Mapping[str, Any]:
    metrics = candidate.metrics
    return {
        "candidate": candidate.pk,
        "experiment": str(candidate.experiment_id),
        "name": candidate.experiment.name,
        "trial": candidate.trial,
        "preset": candidate.preset,
        "run": candidate.tracked_run,
        "state": candidate.state,
        "passed": candidate.passed,
        "score": score_of(candidate),
        "champion_score": metrics["champion"]["score"],
        "registration": metrics["registration"],
        "seconds_per_photo": metrics["seconds_per_photo"],
    }
