"""The simulation's numbers as the README has them."""

from collections.abc import Sequence

from drift.simulation import Simulated


def as_markdown(found: Sequence[Simulated]) -> str:
    """A row for each shift, the columns of each baseline beside each other."""
    first = found[0]
    titles = [each.title for each in found]
    lines = [
        "| what changes | named first | "
        + " | ".join(f"{title}: seen, rightly named, after" for title in titles)
        + " |",
        "|---|---|" + "---|" * len(found),
        f"| nothing ({first.quiet.num_windows:,} windows) | – | "
        + " | ".join(f"alerts in {_percent(each.quiet.alerts)} of windows" for each in found)
        + " |",
    ]
    for position, row in enumerate(first.rows):
        cells = [_cell(each, position) for each in found]
        lines.append(f"| {row.shift} | `{row.expected}` | " + " | ".join(cells) + " |")
    lines.append("")
    lines.append(
        "Single uploads that are called unusual: "
        + "; ".join(f"{each.title}: {_uploads(each)}" for each in found)
        + "."
    )
    scenes = ", ".join(f"{name} ({count})" for name, count in first.scenes.items())
    lines.append(f"Scenes and their photos: {scenes}.")
    return "\n".join(lines)


def _cell(found: Simulated, position: int) -> str:
    row = found.rows[position]
    return f"{_percent(row.seen)}, {_percent(row.named)}, {row.mean_windows:.1f} windows"


def _uploads(found: Simulated) -> str:
    shifted = ", ".join(f"{row.shift} {_percent(row.uploads)}" for row in found.rows)
    return f"nothing changed {_percent(found.quiet.uploads)}, {shifted}"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
