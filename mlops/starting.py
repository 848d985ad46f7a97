"""From a spec to an experiment that waits."""

from pathlib import Path

from accounts.public import User
from mlops import lifecycle
from mlops.code_version import code_version
from mlops.data import DataMissing
from mlops.dvc import STAGES
from mlops.models import Experiment
from mlops.public import served_options
from mlops.spec import Spec
from scene3d.settings.env import BASE_DIR


def as_run(spec: Spec, data: Path | None) -> Spec:
    """With an absolute path of the data, what is served now as the champion, and the code.

    Args:
        data: instead of the spec's.
    Raises:
        DataMissing.
    """
    options, _version = served_options(spec.trials.preset)
    folder = data_root(data or spec.data)
    complete = spec.with_champion(options.to_dict(), code_version(BASE_DIR))
    return complete.model_copy(update={"data": str(folder)})


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
