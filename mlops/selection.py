"""The best of several candidates, and the best of all that may be compared."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mlops.models import Candidate, Experiment
from mlops.states import CandidateState, ExperimentState
from scene3d.engine.public import PhotoProblem


class NothingMeasured(PhotoProblem):
    """There is no finished experiment to choose from."""

    code = "nothing_measured"
    next_step = "Run an experiment to its end, or name the data hash of one that is there."


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Candidates of one data hash and one version of the code that measures.

    Attributes:
        candidates: the highest score first.
        best: of those that passed every gate and that nobody has rejected; None: there is none.
        num_other_data, num_other_code: finished experiments that cannot be compared with these.
    """

    data_hash: str
    code_version: str
    candidates: Sequence[Candidate]
    best: Candidate | None
    num_other_data: int
    num_other_code: int


def select(data_hash: str | None) -> Selection:
    """Across all finished experiments.

    Args:
        data_hash: None for that of the newest one; the code's version is that of the newest one on
            this data.
    Raises:
        NothingMeasured.
    """
    done = Experiment.objects.filter(state=ExperimentState.DONE).exclude(data_hash="")
    on_data = done.filter(data_hash=data_hash) if data_hash is not None else done
    newest = on_data.order_by("-finished_at", "-created_at").first()
    if newest is None:
        on_which = f" on the data {data_hash}" if data_hash is not None else ""
        raise NothingMeasured(f"No experiment{on_which} is finished.")
    same_data = done.filter(data_hash=newest.data_hash)
    code_version = newest.spec.get("code_version", "")
    same_code = [row for row in same_data if row.spec.get("code_version", "") == code_version]
    found = Candidate.objects.filter(experiment__in=same_code).select_related("experiment")
    candidates = sorted(found, key=lambda candidate: (-score_of(candidate), candidate.pk))
    eligible = [row for row in candidates if row.passed and row.state != CandidateState.REJECTED]
    return Selection(
        data_hash=newest.data_hash,
        code_version=code_version,
        candidates=candidates,
        best=best_of(eligible),
        num_other_data=done.exclude(data_hash=newest.data_hash).count(),
        num_other_code=same_data.count() - len(same_code),
    )


def best_of(candidates: Iterable[Candidate]) -> Candidate | None:
    """With the highest score; of equal ones the first. None: there is none to choose."""
    in_order = sorted(candidates, key=lambda candidate: candidate.pk)
    return max(in_order, key=score_of, default=None)


def score_of(candidate: Candidate) -> float:
    """Percent."""
    return float(candidate.metrics["score"])
