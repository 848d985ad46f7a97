"""What this host can do, shown by doing it."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand

from scene3d.background.host import configured_host
from scene3d.engine.capabilities import probe_host
from scene3d.engine.host import Host
from scene3d.engine.public import PRESETS, EngineError
from scene3d.engine.selftest import self_test


class Command(BaseCommand):
    help = "Reconstruct a tiny rendered scene with every preset, compare it with the truth."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--preset", choices=PRESETS, action="append", help="Only this one.")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        host = configured_host()
        capabilities = probe_host(host)
        if not options["json"]:
            self._describe(capabilities)
        outcomes = {name: _try(name, host) for name in options["preset"] or PRESETS}
        if options["json"]:
            self.stdout.write(json.dumps({**capabilities, "self_test": outcomes}, indent=1))
        else:
            for name, outcome in outcomes.items():
                self._tell(name, outcome)
        if not all(outcome["passed"] for outcome in outcomes.values()):
            raise SystemExit(1)

    def _describe(self, capabilities: dict[str, Any]) -> None:
        colmap = capabilities["colmap"]
        versions = capabilities["versions"]
        self.stdout.write(
            f"{capabilities['device']} ({capabilities['device_name']}),"
            f" {capabilities['num_threads']} threads"
        )
        self.stdout.write(", ".join(f"{name} {version}" for name, version in versions.items()))
        self.stdout.write(colmap["colmap"] if colmap["works"] else "COLMAP does not work here")
        for weights in capabilities["weights"]:
            is_there = "there" if weights["is_available"] else "missing: run fetch_models"
            self.stdout.write(f"  weights {weights['name']} ({weights['licence']}): {is_there}")

    def _tell(self, name: str, outcome: dict[str, Any]) -> None:
        if "code" in outcome:
            words = f"{outcome['code']}: {outcome['message']} {outcome['next_step']}"
        else:
            words = (
                f"{outcome['num_registered']} of {outcome['num_photos']} photos,"
                f" {outcome['num_points']:,} points, median error"
                f" {outcome['median_error_deg']:.3f}°, {outcome['seconds']:.1f} s"
            )
        style = self.style.SUCCESS if outcome["passed"] else self.style.ERROR
        self.stdout.write(style(f"{name}: {'ok' if outcome['passed'] else 'FAILED'}, {words}"))


def _try(preset: str, host: Host) -> dict[str, Any]:
    try:
        outcome = self_test(PRESETS[preset].options, host)
    except EngineError as problem:
        return {
            "passed": False,
            "code": problem.code,
            "message": problem.message,
            "next_step": problem.next_step,
        }
    return {"passed": outcome.passed, **asdict(outcome)}
