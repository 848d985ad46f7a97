"""From a spec to an experiment that waits."""

from pathlib import Path
from typing import Any

from accounts.public import User
from mlops import lifecycle
from mlops.code_version import code_version
from mlops.data import DataFolder, DataMissing, hash_data
from mlops.dvc import STAGES
from mlops.history import active_configuration, sources_of
from mlops.models import Experiment
from mlops.public import served_options
from mlops.spec import Spec, SpecInvalid, spec_from
from scene3d.engine.public import PhotoProblem
from scene3d.settings.env import BASE_DIR

_HASH_THREADS = 4


def as_run(spec: Spec, data: Path | None, *, anew: bool = False) -> Spec:
    """With an absolute path of the data, a champion, and the code.

    The champion is what is served now. If that won an experiment of these very trials on these very
    photos, then its comparison stands: the champion is the one that it beat.

    Args:
        data: instead of the spec's.
        anew: the champion is what is served now, whatever it has won.
    Raises:
        DataMissing.
    """
    options, _version = served_options(spec.trials.preset)
    folder = data_root(data or spec.data)
    complete = spec.with_champion(options.to_dict(), code_version(BASE_DIR))
    complete = complete.model_copy(update={"data": str(folder)})
    beaten = None if anew else _beaten_by_served(complete)
    return complete.model_copy(update={"champion": beaten}) if beaten else complete


def _beaten_by_served(spec: Spec) -> dict[str, Any] | None:
    """The champion of the experiment that what is served has won, if `spec` would repeat it."""
    active = active_configuration()
    winner = sources_of(active).get(spec.trials.preset) if active is not None else None
    if winner is None:
        return None
    try:
        earlier = spec_from(winner.experiment.spec)
    except SpecInvalid:  # of an older release
        return None
    if not spec.measures_the_same(earlier):
        return None
    try:
        now = hash_data(DataFolder(Path(spec.data)), num_threads=_HASH_THREADS)
    except PhotoProblem:  # the first stage says what is wrong
        return None
    return earlier.champion if now == winner.experiment.data_hash else None


def data_root(folder: Path | str) -> Path:
    """Absolute.

    Raises: DataMissing, for what no folder can be called.
    """
    try:
        return Path(folder).expanduser().resolve()
    except (OSError, RuntimeError, ValueError) as error:
        raise DataMissing(f"{str(folder)!r} is no folder: {error}.") from error


def start(spec: Spec, *, trigger: str, who: User | None = None, anew: bool = False) -> Experiment:
    """The unfinished experiment of this very spec, which then goes on, or a new one.

    Args:
        spec: see `as_run`.
    """
    content = spec.model_dump(mode="json")
    unfinished = None if anew else lifecycle.find_unfinished(content)
    return unfinished or lifecycle.create(content, STAGES, trigger, who)
