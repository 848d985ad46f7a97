"""Rules of the house that no linter knows."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 40
OUR_OWN = re.compile(
    r"^(scene3d|jobs|mlops|drift|accounts|tests|templates|static|requirements|docker)/|^[^/]+$"
)


def tracked(*suffixes: str) -> list[Path]:
    """Files that are, or would be, committed."""
    listed = subprocess.run(
        ["/usr/bin/git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    paths = [ROOT / name for name in listed if OUR_OWN.match(name)]
    return [path for path in paths if path.suffix in suffixes and path.is_file()]


def functions() -> Iterator[tuple[str, int]]:
    for path in tracked(".py"):
        if "migrations" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                yield f"{path.relative_to(ROOT)}:{node.lineno} {node.name}", length


def test_files_are_short() -> None:
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text().splitlines())
        for path in tracked(".py", ".js", ".html")
    }
    assert {name: lines for name, lines in lengths.items() if lines > MAX_FILE_LINES} == {}


def test_functions_are_short() -> None:
    assert {name: lines for name, lines in functions() if lines > MAX_FUNCTION_LINES} == {}


def test_only_services_change_a_jobs_state() -> None:
    """Everywhere else a change would not be conditional, and two would win."""
    writes = re.compile(r"\.state\s*=[^=]|update\([^)]*\bstate=|\.save\(update_fields")
    offenders = [
        path.name
        for path in (ROOT / "jobs").rglob("*.py")
        if path.name != "services.py" and writes.search(path.read_text())
    ]
    assert offenders == []


def test_templates_hold_no_styles_and_no_scripts() -> None:
    """The content security policy would block them."""
    inline = re.compile(r"""\sstyle=|\son\w+=|<style|<script(?![^>]*\bsrc=)""")
    offenders = {
        str(path.relative_to(ROOT)): inline.search(path.read_text())
        for path in (ROOT / "templates").rglob("*.html")
        if inline.search(path.read_text())
    }
    assert offenders == {}


@pytest.mark.parametrize("name", ["base", "worker", "offline", "dev"])
def test_every_requirement_has_a_purpose_and_a_pin(name: str) -> None:
    wanted = (ROOT / "requirements" / f"{name}.in").read_text().splitlines()
    without_purpose = [
        line for line in wanted if line and not line.startswith(("#", "-r")) and " #" not in line
    ]
    pinned = (ROOT / "requirements" / f"{name}.txt").read_text().splitlines()
    unpinned = [line for line in pinned if re.match(r"^\w", line) and "==" not in line]
    assert without_purpose == []
    assert unpinned == []


def test_torch_has_one_pin_for_all_hosts() -> None:
    for name in ("worker", "offline", "dev"):
        lines = (ROOT / "requirements" / f"{name}.txt").read_text().splitlines()
        assert [line for line in lines if line.startswith("torch==")] == ["torch==2.13.0"]


def test_lock_files_hold_no_addresses() -> None:
    for path in [*(ROOT / "requirements").iterdir(), ROOT / "package-lock.json"]:
        if path.is_file():
            assert not re.search(
                r"https?://|\"resolved\"|--index-url|--find-links", path.read_text()
            )
