"""Two trials, number by number."""

from collections.abc import Sequence
from dataclasses import dataclass

from mlops.findings import TrialFindings
from mlops.models import Experiment

BAR_WIDTH = 240
"""Of a chart's bar from the largest loss to the largest gain, SVG user units."""


@dataclass(frozen=True, kw_only=True)
class Side:
    """One of the two."""

    experiment: Experiment
    trial: TrialFindings

    @property
    def reference(self) -> str:
        """As links name it."""
        return f"{self.experiment.pk}/{self.trial.name}"


@dataclass(frozen=True, kw_only=True)
class Number:
    """A measure of both."""

    title: str
    unit: str
    a: float
    b: float
    digits: int
    is_better_higher: bool

    @property
    def delta(self) -> float:
        return self.b - self.a

    @property
    def verdict(self) -> str:
        """ "better", "worse" or "equal": of b, as far as it is shown."""
        shown = round(self.delta, self.digits)
        if shown == 0:
            return "equal"
        return "better" if (shown > 0) == self.is_better_higher else "worse"


@dataclass(frozen=True, kw_only=True)
class SceneDelta:
    """A scene's score, percent, in both; None where it was not scored."""

    scene: str
    a: float | None
    b: float | None
    bar_x: str
    bar_width: str

    @property
    def delta(self) -> float | None:
        return self.b - self.a if self.a is not None and self.b is not None else None


def numbers(a: TrialFindings, b: TrialFindings) -> list[Number]:
    """Percent throughout, and seconds."""
    scores = [
        ("Score", "%", a.score, b.score),
        ("Poses (mAA)", "%", a.maa, b.maa),
        ("Scenes told apart", "%", a.clusterness, b.clusterness),
        ("Photos treated rightly", "%", 100 * a.registration, 100 * b.registration),
        *(
            (f"Score of {name}", "%", a.per_dataset[name], b.per_dataset[name])
            for name in a.per_dataset
            if name in b.per_dataset
        ),
    ]
    rows = [
        Number(title=title, unit=unit, a=first, b=second, digits=2, is_better_higher=True)
        for title, unit, first, second in scores
    ]
    seconds = Number(
        title="Time per photo",
        unit="s",
        a=a.seconds_per_photo,
        b=b.seconds_per_photo,
        digits=2,
        is_better_higher=False,
    )
    return [*rows, seconds]


def scene_deltas(a: TrialFindings, b: TrialFindings) -> list[SceneDelta]:
    """Of all scenes of either, the largest loss of b first; unscored ones last."""
    scenes = sorted({*a.per_scene, *b.per_scene})
    deltas = {
        scene: b.per_scene[scene] - a.per_scene[scene]
        for scene in scenes
        if scene in a.per_scene and scene in b.per_scene
    }
    largest = max(map(abs, deltas.values()), default=0.0) or 1.0
    order: Sequence[str] = sorted(
        scenes, key=lambda scene: (scene not in deltas, deltas.get(scene, 0.0))
    )
    return [_scene_delta(scene, a, b, deltas.get(scene, 0.0) / largest) for scene in order]


def _scene_delta(scene: str, a: TrialFindings, b: TrialFindings, share: float) -> SceneDelta:
    """Args: share: of the largest delta, -1 to 1."""
    middle, length = BAR_WIDTH / 2, abs(share) * BAR_WIDTH / 2
    return SceneDelta(
        scene=scene,
        a=a.per_scene.get(scene),
        b=b.per_scene.get(scene),
        bar_x=f"{middle - length if share < 0 else middle:.1f}",
        bar_width=f"{length:.1f}",
    )
