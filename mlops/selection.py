"""The best of several candidates."""

from collections.abc import Iterable

from mlops.models import Candidate


def best_of(candidates: Iterable[Candidate]) -> Candidate | None:
    """With the highest score; of equal ones the first. None: there is none to choose."""
    in_order = sorted(candidates, key=lambda candidate: candidate.pk)
    return max(in_order, key=score_of, default=None)


def score_of(candidate: Candidate) -> float:
    """Percent."""
    return float(candidate.metrics["score"])
