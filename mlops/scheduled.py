"""The experiment that starts by the clock. What is wrong with it is told to the operators."""

import logging
from collections.abc import Mapping
from typing import Any

from django.conf import settings

from mlops.models import Experiment
from mlops.notices import tell_people
from mlops.spec import Spec, read_spec
from mlops.starting import data_root
from mlops.states import ACTIVE
from mlops.submission import submit
from scene3d.engine.public import EngineError

logger = logging.getLogger(__name__)


def start_scheduled_experiment() -> None:
    """Have a worker run the spec of settings.SCHEDULED_SPEC. An experiment of the same spec that is
    not over goes on instead; a spec or data that are wrong are logged and mailed."""
    path = settings.SCHEDULED_SPEC
    try:
        experiment = _start(read_spec(path))
    except EngineError as problem:
        words = f"{problem.message} {problem.next_step}"
        logger.error(  # noqa: TRY400  # the file is at fault, not the code: no traceback
            "the scheduled experiment of %s cannot start: %s", path, words
        )
        tell_people("The scheduled experiment cannot start", f"It was to run {path}.\n\n{words}")
    else:
        logger.info("the scheduled experiment %s waits for a worker, or runs", experiment.pk)


def _start(spec: Spec) -> Experiment:
    """Raises: SpecInvalid, DataMissing."""
    here = spec.model_copy(update={"data": str(data_root(spec.data))})
    wanted = _wishes(here.model_dump(mode="json"))
    for experiment in Experiment.objects.filter(state__in=ACTIVE, name=spec.name):
        if _wishes(experiment.spec) == wanted:
            return experiment
    return submit(spec.model_dump(mode="json"), "", "schedule", None)


def _wishes(spec: Mapping[str, Any]) -> dict[str, Any]:
    """What its author wrote, without what every start fills in: what is served may have changed
    since."""
    return {key: spec[key] for key in spec.keys() - {"champion", "code_version"}}
