"""Figures of a baseline; the same bytes for the same numbers."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path

import numpy as np
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from drift.documents import FeatureBaseline
from scene3d.engine.types import FloatArray

_TEXT, _MUTED, _RULE = "#17201f", "#566260", "#d8dddd"
_ACCENT, _ACCENT_SOFT = "#0b6e69", "#dff1ef"
_LIKENESS = LinearSegmentedColormap.from_list(
    "likeness", ["#f6f7f7", "#9fd3ce", _ACCENT, "#04302d"]
)
_STYLE = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "text.color": _TEXT,
    "axes.edgecolor": _RULE,
    "axes.labelcolor": _MUTED,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "xtick.color": _RULE,
    "ytick.color": _RULE,
    "xtick.labelcolor": _MUTED,
    "ytick.labelcolor": _MUTED,
}
_TITLES = {
    "width_px": ("Width", "pixels"),
    "height_px": ("Height", "pixels"),
    "aspect_ratio": ("Width over height", ""),
    "brightness": ("Brightness", "mean grey level, 0 to 255"),
    "contrast": ("Contrast", "deviation of grey levels over their mean"),
    "saturation": ("Saturation", "0 is grey, 1 is pure colour"),
    "blur_px": ("Blur", "pixels of a 640-pixel copy"),
    "laplacian_variance": ("Variance of the Laplacian", "of a 640-pixel copy"),
    "long_side_px": ("Longer side", "pixels"),
    "has_focal": ("Focal length known", "0 is no, 1 is yes"),
    "focal_35mm": ("Focal length", "mm, as on 35 mm film"),
    "num_keypoints": ("Keypoints", "per photo"),
    "num_matches": ("Matches", "per verified pair"),
    "num_inliers": ("Inliers", "per verified pair"),
    "inlier_ratio": ("Inlier ratio", "of a verified pair's matches"),
}
_NUM_COLUMNS = 4
_LABEL_SHARE = 0.02
"""Of the matrix; a smaller scene's label would lie on its neighbours'."""
_DPI, _PAD_INCH = 130, 0.12


def draw_distributions(features: Mapping[str, FeatureBaseline], path: Path) -> None:
    """A histogram of each, with its median and the span from the 5th to the 95th percentile."""
    num_rows = -(-len(features) // _NUM_COLUMNS)
    with _figure((12.0, 2.4 * num_rows + 0.4), path) as figure:
        axes = figure.subplots(num_rows, _NUM_COLUMNS, squeeze=False).ravel()
        for name, ax in zip(features, axes, strict=False):
            _draw_distribution(ax, name, features[name])
        for ax in axes[len(features) :]:
            ax.set_axis_off()
        words = "bars: share of photos or pairs     line: median     shade: 5 to 95 percent"
        figure.supxlabel(words, x=0.995, ha="right", fontsize=8, color=_MUTED)


def draw_similarity(alike: FloatArray, groups: Sequence[tuple[str, str]], path: Path) -> None:
    """The matrix (P, P), with a rule where another dataset or scene begins, and labels.

    Args:
        groups: dataset and scene of each photo, equal ones side by side.
    """
    with _figure((9.0, 7.6), path) as figure:
        ax = figure.subplots()
        # One photo is as like itself as can be, which says nothing and takes the whole scale.
        others = np.where(np.eye(len(alike), dtype=bool), np.nan, alike)
        image = ax.imshow(
            others,
            cmap=_LIKENESS,
            vmin=0,
            vmax=max(0.1, np.nanmax(others)),
            interpolation="nearest",
        )
        ax.set_title("How alike the photos are", pad=12)
        _mark_groups(ax, groups)
        bar = figure.colorbar(image, ax=ax, shrink=0.5, aspect=24, pad=0.02)
        bar.set_label("cosine of global descriptors")
        bar.outline.set_visible(False)


def _mark_groups(ax: Axes, groups: Sequence[tuple[str, str]]) -> None:
    middles, labels, start = [], [], 0
    smallest = _LABEL_SHARE * len(groups)
    for (dataset, scene), members in groupby(groups):
        end = start + len(list(members))
        middles.append((start + end - 1) / 2)
        labels.append(f"{dataset} / {scene}" if end - start >= smallest else "")
        if start:
            ax.axhline(start - 0.5, color="white", linewidth=1.2)
            ax.axvline(start - 0.5, color="white", linewidth=1.2)
        start = end
    ax.set_xticks([])
    ax.set_yticks(middles, labels, parse_math=False)
    ax.tick_params(length=0)
    ax.spines["bottom"].set_visible(False)


def _draw_distribution(ax: Axes, name: str, feature: FeatureBaseline) -> None:
    title, unit = _TITLES.get(name, (name, ""))
    edges = np.array(feature.histogram.edges)
    shares = np.array(feature.histogram.counts) / feature.n
    low, middle, high = (feature.percentiles[percent] for percent in (5, 50, 95))
    ax.axvspan(low, high, color=_ACCENT_SOFT, linewidth=0, zorder=0)
    ax.bar(
        edges[:-1],
        shares,
        np.diff(edges),
        align="edge",
        color=_ACCENT,
        edgecolor="white",
        linewidth=0.6,
    )
    ax.axvline(middle, color=_TEXT, linewidth=1.2)
    ax.set_title(title)
    ax.set_title(f"n = {feature.n:,}", loc="right", fontsize=8, fontweight="normal", color=_MUTED)
    ax.set_xlabel(unit)
    ax.set_yticks([])


@contextmanager
def _figure(size_inch: tuple[float, float], path: Path) -> Iterator[Figure]:
    """Saved at the end; free of whatever style this machine's users prefer."""
    with style.context(["default", _STYLE]):
        layout = ConstrainedLayoutEngine(w_pad=_PAD_INCH, h_pad=_PAD_INCH)
        figure = Figure(figsize=size_inch, dpi=_DPI, layout=layout, facecolor="white")
        yield figure
        figure.savefig(path, format="png", metadata={"Software": None})
