"""Fourth stage: the table that the pipeline reads."""

import os
from pathlib import Path

from mlops.data import DataFolder, DataMissing
from mlops.outputs import whole_output, write_table
from mlops.stages.preprocess import IMAGES_NAME
from scene3d.engine.export.submission import COLUMNS, unplaced_row

TABLE_NAME = "prepared.csv"
PATH_COLUMN = "path"


def prepare(data: DataFolder, processed: Path, output: Path) -> int:
    """Write TABLE_NAME: a row per labelled photo, by dataset and name, as a submission that has
    placed none of them (no scene, no pose: the truth stays in the labels), with one more column,
    the photo's path from the table's own folder.

    Args:
        processed: the output of `preprocess`.
    Returns:
        The number of rows.
    Raises: DataMissing, LabelsMalformed, OutputNotWritable.
    """
    images_dir, table_dir = processed.resolve() / IMAGES_NAME, output.resolve()
    rows, missing = [], []
    for image in data.labelled_images():
        path = images_dir / image.key.dataset / image.key.image
        if not path.is_file():
            missing.append(str(image.key))
        row = unplaced_row(image.key.dataset, image.key.image)
        rows.append((*row, Path(os.path.relpath(path, table_dir)).as_posix()))
    if missing:
        raise DataMissing(
            f"{processed} lacks {len(missing)} of {len(rows)} labelled photos, {missing[0]} for"
            " one.",
            next_step="Run `manage.py preprocess` on this data first.",
            evidence={"missing": missing},
        )
    with whole_output(output) as folder:
        write_table((*COLUMNS, PATH_COLUMN), rows, folder / TABLE_NAME)
    return len(rows)
