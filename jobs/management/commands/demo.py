"""Everything on this machine, with a sample scene to look at."""

import threading
from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from jobs import demo
from jobs.console import ConsoleProgress
from jobs.management.commands.run_stack import prepare_installation
from jobs.models import Job
from jobs.states import JobState
from scene3d.background.embedded import EmbeddedStack, StackError, require_free_port
from scene3d.commandline import over_on_signals
from scene3d.engine.public import Stage


class Command(BaseCommand):
    help = "Run the embedded stack, reconstruct a rendered sample scene, and say where to look."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default=settings.ENV.host)
        parser.add_argument("--port", type=int, default=settings.ENV.port)
        parser.add_argument(
            "--once", action="store_true", help="End when the sample's result is verified."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            require_free_port(options["host"], options["port"])
            prepare_installation(self)
            account, password = demo.demo_account()
            photos = demo.sample_photos(self.stdout.write)
            is_over = over_on_signals()
            with EmbeddedStack(host=options["host"], port=options["port"]) as stack:
                self.stdout.write("Starting the broker, the portal and the worker …")
                stack.wait_until_ready()
                job = self._follow(demo.sample_job(account, photos), stack, is_over)
                if is_over.is_set():
                    return
                self._tell_result(job)
                self._tell_login(stack.url, account.username, password)
                if not options["once"]:
                    stack.watch(is_over.is_set)
        except (StackError, demo.ResultIncompleteError) as error:
            raise CommandError(str(error)) from error

    def _follow(self, job: Job, stack: EmbeddedStack, is_over: threading.Event) -> Job:
        """Show the job's progress until it ends."""
        follower = _Follower(job.pk)
        stack.watch(lambda: is_over.is_set() or follower.look())
        follower.progress.finish()
        job.refresh_from_db()
        if not is_over.is_set() and job.state != JobState.DONE:
            raise CommandError(
                f"The sample did not come out: {job.state}, {job.error_code}: {job.error_message}"
            )
        return job

    def _tell_result(self, job: Job) -> None:
        num_files = demo.verify_result(job)
        counts = job.counts
        self.stdout.write(
            self.style.SUCCESS(
                f"The sample scene is ready: {counts['num_registered']} of {counts['num_photos']}"
                f" photos placed, {counts['num_points']:,} points; {num_files} files verified."
            )
        )

    def _tell_login(self, url: str, username: str, password: str) -> None:
        self.stdout.write(f"\n  Portal    {url}\n  User      {username}\n  Password  {password}\n")
        self.stdout.write("Ctrl-C ends it.")


class _Follower:
    """Turns the job row into console progress."""

    def __init__(self, job_id: UUID) -> None:
        self._job_id = job_id
        self._stage: str | None = None
        self.progress = ConsoleProgress()

    def look(self) -> bool:
        """Show what is new; whether the job is over."""
        job = Job.objects.get(pk=self._job_id)
        if job.stage and job.stage != self._stage:
            self._stage = job.stage
            stage: Stage = job.stage  # type: ignore[assignment]  # the column's choices are the engine's
            self.progress.begin(stage, job.stage_total)
        elif job.stage:
            self.progress.update(job.stage_done, **job.stage_counts)
        return job.is_terminal
