"""Second stage: what the photos look like, frozen for later comparisons."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from drift.baselines import columns, describe, scene_medians
from drift.documents import BASELINE_NAME, BaselineDocument, DescriptorSketch, FeatureBaseline
from mlops.data import DataFolder, LabelledImage, file_digest, hash_data
from mlops.outputs import whole_output, write_document, write_table
from mlops.stage_params import EdaParams
from mlops.stages.figures import draw_distributions, draw_similarity
from mlops.stages.measuring import (
    IMAGE_FEATURES,
    PAIR_FEATURES,
    Measured,
    MeasuredImage,
    Plan,
    measure,
)
from scene3d.engine.export.submission import OUTLIERS
from scene3d.engine.host import Host
from scene3d.engine.options import FeatureOptions
from scene3d.engine.seeding import generator

IMAGES_NAME = "images.csv"
PAIRS_NAME = "pairs.csv"
DESCRIPTORS_NAME = "descriptors.npz"
DISTRIBUTIONS_NAME = "distributions.png"
SIMILARITY_NAME = "similarity.png"


def eda_baselines(
    data: DataFolder, output: Path, params: EdaParams, host: Host
) -> BaselineDocument:
    """Write the baseline, the numbers that it is made of, and figures of it.

    Raises:
        DataMissing, LabelsMalformed, ThresholdsMalformed, OutputNotWritable.
        TooFewPhotos, InsufficientFeatures: there is nothing to make a baseline of.
        StorageFull, NativeCrash.
    """
    content = hash_data(data, num_threads=host.num_threads)
    labelled = data.labelled_images()
    sample = _sample(labelled, params)
    with whole_output(output) as folder:
        with TemporaryDirectory(dir=folder) as work:
            measured = measure(sample, _plan(params), Path(work), host)
        _write_tables(measured, folder)
        baseline = BaselineDocument.versioned(
            data_hash=content,
            params=params.model_dump(),
            fingerprint=params.fingerprint(),
            num_labelled=len(labelled),
            num_sampled=len(sample),
            num_unreadable=len(sample) - len(measured.images),
            num_pairs=len(measured.pairs),
            num_verified_pairs=sum(pair.num_inliers > 0 for pair in measured.pairs),
            features=_distributions(measured),
            scenes=_scenes(measured),
            descriptors=_write_descriptors(measured, folder / DESCRIPTORS_NAME),
        )
        draw_distributions(baseline.features, folder / DISTRIBUTIONS_NAME)
        _draw_similarity(measured, folder / SIMILARITY_NAME)
        write_document(baseline, folder / BASELINE_NAME)
    return baseline


def _plan(params: EdaParams) -> Plan:
    features = FeatureOptions(max_keypoints=params.max_keypoints, long_side_px=params.long_side_px)
    return Plan(
        features=features,
        max_pairs=params.max_pairs,
        descriptor_size=params.descriptor_size,
        seed=params.seed,
    )


def _sample(labelled: Sequence[LabelledImage], params: EdaParams) -> list[LabelledImage]:
    chosen = generator(params.seed, "images").permutation(len(labelled))[: params.max_images]
    return [labelled[position] for position in sorted(chosen.tolist())]


def _distributions(measured: Measured) -> dict[str, FeatureBaseline]:
    """Of every feature that any photo or pair tells."""
    told = {
        **columns([image.features for image in measured.images]),
        **columns([pair.features for pair in measured.pairs]),
    }
    return {
        name: describe(told[name]) for name in (*IMAGE_FEATURES, *PAIR_FEATURES) if name in told
    }


def _scenes(measured: Measured) -> list[dict[str, float]]:
    """Photos of no scene are left out."""
    scenes: dict[tuple[str, str], list[Mapping[str, float | None]]] = {}
    for row in measured.images:
        if row.image.scene != OUTLIERS:
            scenes.setdefault((row.image.key.dataset, row.image.scene), []).append(row.features)
    return scene_medians([scenes[key] for key in sorted(scenes)])


def _write_tables(measured: Measured, folder: Path) -> None:
    write_table(
        ("dataset", "scene", "image", *IMAGE_FEATURES),
        (
            (row.image.key.dataset, row.image.scene, row.image.key.image, *_cells(row))
            for row in measured.images
        ),
        folder / IMAGES_NAME,
    )
    write_table(
        ("dataset", "first", "second", "num_matches", "num_inliers"),
        (
            (
                pair.first.key.dataset,
                pair.first.key.image,
                pair.second.key.image,
                pair.num_matches,
                pair.num_inliers,
            )
            for pair in measured.pairs
        ),
        folder / PAIRS_NAME,
    )


def _cells(row: MeasuredImage) -> list[float | int | None]:
    """In the order of IMAGE_FEATURES."""
    values = [row.features[name] for name in IMAGE_FEATURES]
    return [int(v) if v is not None and v.is_integer() else v for v in values]


def _write_descriptors(measured: Measured, path: Path) -> DescriptorSketch:
    np.savez_compressed(
        path,
        words=measured.codebook.words,
        signs=measured.codebook.signs,
        descriptors=measured.descriptors,
    )
    return DescriptorSketch(
        file=path.name,
        sha256=file_digest(path),
        num_words=len(measured.codebook.words),
        size=measured.descriptors.shape[1],
    )


def _draw_similarity(measured: Measured, path: Path) -> None:
    groups = [(row.image.key.dataset, row.image.scene) for row in measured.images]
    order = sorted(range(len(groups)), key=groups.__getitem__)
    draw_similarity(measured.alike[np.ix_(order, order)], [groups[i] for i in order], path)
