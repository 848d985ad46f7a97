"""What a benchmark leaves behind: figures for programs, a table for people."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def line(cells: Sequence[str]) -> str:
    """One row of a Markdown table."""
    return "| " + " | ".join(cells) + " |"


def write_results(name: str, content: Any, table: str, output: Path) -> None:
    """`name`.json and `name`.md in the folder `output`, made where it is missing."""
    output.mkdir(parents=True, exist_ok=True)
    (output / f"{name}.json").write_text(json.dumps(content, indent=1))
    (output / f"{name}.md").write_text(table + "\n")
