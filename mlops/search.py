"""Optuna at the search for better options."""

from typing import Any

import optuna

from mlops.trials import Choices, Range, Search, TrialPlan, nested, plan


class Searcher:
    """Asks Optuna for options and tells it their scores. The same seed and scores, the same
    options."""

    def __init__(self, search: Search, preset: str) -> None:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._search, self._preset = search, preset
        self._study = optuna.create_study(
            direction="maximize", sampler=optuna.samplers.TPESampler(seed=search.seed)
        )

    def ask(self, position: int) -> tuple[optuna.Trial, TrialPlan]:
        """The next trial.

        Raises: OptionsInvalid, where the space holds what the engine refuses.
        """
        trial = self._study.ask()
        values = {path: _suggest(trial, path, one) for path, one in self._search.space.items()}
        return trial, plan(f"search-{position:03d}", self._preset, nested(values))

    def tell(self, trial: optuna.Trial, score: float) -> None:
        self._study.tell(trial, score)


def _suggest(trial: optuna.Trial, path: str, space: Range | Choices) -> Any:
    if isinstance(space, Choices):
        return trial.suggest_categorical(path, space.choices)
    if space.integer:
        return trial.suggest_int(path, int(space.low), int(space.high), log=space.log)
    return trial.suggest_float(path, space.low, space.high, log=space.log)
