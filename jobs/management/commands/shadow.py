"""Challengers on photos of jobs that are done."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from jobs.shadow import ShadowOrder, run_shadow
from scene3d.commandline import over_on_signals, telling_problems


class Command(BaseCommand):
    help = (
        "Try every candidate that runs in shadow on recent jobs, now. It stops where people's own"
        " jobs or an experiment wait. Users see nothing of it; operators find the comparison on the"
        " candidate's page. Exit code 2: the candidate does not run in shadow."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--candidate", type=int, metavar="ID", help="This one alone.")
        parser.add_argument(
            "--sample",
            type=int,
            default=settings.ENV.shadow_sample,
            metavar="N",
            help="Jobs per candidate, at most. Default: %(default)s.",
        )
        parser.add_argument("--seed", type=int, default=0, help="Another one takes other jobs.")

    def handle(self, *args: Any, **options: Any) -> None:
        is_over = over_on_signals()
        order = ShadowOrder(
            sample=options["sample"], seed=options["seed"], candidate=options["candidate"]
        )
        with telling_problems(traceback=options["traceback"]):
            run_shadow(order, is_over=is_over.is_set, tell=self.stdout.write)
