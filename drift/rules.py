"""When something counts as drift. Every number has its reason; the simulation judges them all."""

from pydantic import BaseModel, ConfigDict, Field


class DriftRules(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    alpha: float = Field(default=0.05, gt=0, lt=1)
    """The share of false discoveries among all, after Benjamini and Hochberg."""
    min_scenes: int = Field(default=4, ge=3)
    """Of a baseline. Ten jobs beyond all of four scenes have p = 0.002, which stands beside eight
    other features; with three scenes nothing would."""
    min_photos: int = Field(default=3, ge=1)
    """Of an upload that tell a feature: as few as a job may have."""

    upload_alpha: float = Field(default=0.1, gt=0, lt=1)
    """More than `alpha`: a word to one person stops nobody and starts nothing."""
    prior_scenes: int = Field(default=6, ge=0)
    """What `Feature.typical_spread` counts for beside a baseline's own scenes. Four scenes alone
    could not say how dark a fifth may be."""
    upload_warning: float = Field(default=2.0, gt=0)
    """In deviations between scenes: one scene in twenty is that far off."""
    upload_critical: float = Field(default=3.0, gt=0)
    """One in 370."""
    max_causes: int = Field(default=6, ge=1)
    """Photos that are shown."""

    window_jobs: int = Field(default=20, ge=2)
    min_jobs: int = Field(default=10, ge=2)
    stride_jobs: int = Field(default=10, ge=1)
    """A window is looked at after every so many jobs."""
    persistence: int = Field(default=2, ge=1)
    """An alert takes this many windows in a row."""
    window_warning: float = Field(default=1.2, gt=0)
    """In deviations between scenes: what comes now is on average where one scene in nine was. Cohen
    (1988) calls 0.8 large; whole uploads differ more than people do. With 1.0, windows alerted
    too often once a baseline was made of other photos of the same few scenes."""
    window_critical: float = Field(default=1.5, gt=0)
    """Where one scene in fifteen was."""
    reference_jobs: int = Field(default=100, ge=2)
    """Before a window, that its outcomes are compared with."""


RULES = DriftRules()
