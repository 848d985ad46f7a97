"""The challenge's score of a submission on the command line."""

import json
from argparse import ArgumentParser
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from scene3d.commandline import telling_problems
from scene3d.engine.evaluation import (
    ChallengeScore,
    DatasetScore,
    SceneScore,
    read_submission,
    read_truth,
    score_challenge,
)


class Command(BaseCommand):
    help = (
        "Score a submission as the Image Matching Challenge 2025 does, in percent. Exit code 2:"
        " a table that cannot be read, or tables that do not fit each other."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        for name, table in (
            ("--labels", "train_labels.csv"),
            ("--thresholds", "train_thresholds.csv"),
            ("--submission", "submission.csv"),
        ):
            parser.add_argument(name, type=Path, required=True, metavar="CSV", help=table)
        parser.add_argument("--json", action="store_true", help="Print JSON.")

    def handle(self, *args: Any, **options: Any) -> None:
        with telling_problems(traceback=options["traceback"]):
            truth = read_truth(options["labels"], options["thresholds"])
            score = score_challenge(truth, read_submission(options["submission"], truth))
        self.stdout.write(
            json.dumps(_content(score), indent=1) if options["json"] else _table(score)
        )


def _content(score: ChallengeScore) -> dict[str, Any]:
    return {
        **_percentages(score),
        "per_dataset": {dataset.name: _percentages(dataset) for dataset in score.datasets},
        "per_scene": {
            dataset.name: {scene.name: asdict(scene) for scene in dataset.scenes}
            for dataset in score.datasets
        },
    }


def _percentages(score: ChallengeScore | DatasetScore) -> Mapping[str, float]:
    return {
        "score": score.score_percent,
        "mAA": score.maa_percent,
        "clusterness": score.clusterness_percent,
    }


def _table(score: ChallengeScore) -> str:
    """Each dataset, its scenes below it with what became of them, then all datasets."""
    rows = [["", "score", "mAA", "clusterness"]]
    for dataset in score.datasets:
        rows.append(_cells(dataset.name, dataset))
        rows += [_scene_cells(scene) for scene in dataset.scenes]
    rows.append(_cells("all", score))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return "\n".join(
        "  ".join(
            [
                row[0].ljust(widths[0]),
                *(cell.rjust(width) for cell, width in zip(row[1:4], widths[1:], strict=True)),
                *row[4:],
            ]
        ).rstrip()
        for row in rows
    )


def _cells(name: str, score: ChallengeScore | DatasetScore) -> list[str]:
    return [name, *(f"{percent:.2f}" for percent in _percentages(score).values())]


def _scene_cells(scene: SceneScore) -> list[str]:
    words = (
        f"{scene.num_in_cluster} of {scene.num_photos} photos in {scene.cluster},"
        f" registered {', '.join(map(str, scene.num_registered))}"
    )
    return [
        f"  {scene.name}",
        "",
        f"{scene.maa_percent:.2f}",
        "",
        words if scene.cluster else "no cluster",
    ]
