"""Small data folders in which everything is right, and ways to spoil them."""

import csv
from collections.abc import Callable, Sequence
from pathlib import Path

from mlops.data import LABEL_COLUMNS, THRESHOLD_COLUMNS, DataFolder, ImageKey
from scene3d.engine.seeding import generator
from tests.engine.builders import random_rotations
from tests.engine.textures import textured

Table = list[dict[str, str]]
Spoil = Callable[[DataFolder], None]

SCENES = {
    ("tower", "tower"): ["tower_0.png", "tower_1.png", "tower_2.png"],
    ("yard", "gate"): ["gate_0.jpg", "gate_1.jpg", "gate_2.jpg"],
    ("yard", "outliers"): ["stranger.jpg"],
    ("yard", "wall"): ["wall_0.jpg", "wall_1.jpg", "wall_2.jpg", "wall_3.jpg"],
}
NUM_IMAGES = 11
THRESHOLDS = "0.01;0.02;0.05;0.1"


def make_data(root: Path, size_px: tuple[int, int] = (96, 72)) -> DataFolder:
    """Photos of SCENES, all different, with poses and thresholds."""
    data = DataFolder(root)
    labels: Table = []
    for (dataset, scene), images in SCENES.items():
        (data.images_dir / dataset).mkdir(parents=True, exist_ok=True)
        for image in images:
            seed = len(labels)
            textured(seed, size_px).save(data.image(ImageKey(dataset=dataset, image=image)))
            rotation, translation = pose(seed) if scene != "outliers" else ("nan;" * 8, "nan;" * 2)
            cells = (dataset, scene, image, rotation, translation)
            if scene == "outliers":
                cells = (dataset, scene, image, rotation + "nan", translation + "nan")
            labels.append(dict(zip(LABEL_COLUMNS, cells, strict=True)))
    write(data.labels_path, labels, LABEL_COLUMNS)
    thresholds = [
        {"dataset": dataset, "scene": scene,
         "thresholds": "nan;nan;nan;nan" if scene == "outliers" else THRESHOLDS}
        for dataset, scene in SCENES
    ]  # fmt: skip
    write(data.thresholds_path, thresholds, THRESHOLD_COLUMNS)
    return data


def pose(seed: int) -> tuple[str, str]:
    """The cells of some camera, with six digits."""
    rng = generator(seed, "pose")
    [rotation] = random_rotations(rng, 1)
    return joined(rotation.ravel().tolist()), joined(rng.normal(size=3).tolist())


def joined(values: Sequence[float]) -> str:
    return ";".join(f"{value:.6f}" for value in values)


def read(path: Path) -> Table:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def write(path: Path, rows: Table, columns: Sequence[str]) -> None:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)


def change_rows(path: Path, change: Callable[[Table], Table]) -> None:
    rows = read(path)
    write(path, change(rows), list(rows[0]))


def set_cell(path: Path, column: str, value: str, **where: str) -> None:
    """In the one row that has the cells of `where`."""
    rows = read(path)
    [row] = [row for row in rows if where.items() <= row.items()]
    row[column] = value
    write(path, rows, list(row))


def append_line(path: Path, line: str) -> None:
    with path.open("a") as file:
        file.write(f"{line}\n")


def label(column: str, value: str, image: str = "wall_0.jpg") -> Spoil:
    """A cell of its row."""
    return lambda data: set_cell(data.labels_path, column, value, image=image)


def thresholds(value: str) -> Spoil:
    """Of the scene `wall`."""
    return lambda data: set_cell(data.thresholds_path, "thresholds", value, scene="wall")


def more_labels(line: str) -> Spoil:
    return lambda data: append_line(data.labels_path, line)


def more_thresholds(line: str) -> Spoil:
    return lambda data: append_line(data.thresholds_path, line)


def content(value: bytes) -> Spoil:
    def spoil(data: DataFolder) -> None:
        wall_0(data).write_bytes(value)

    return spoil


def wall_0(data: DataFolder) -> Path:
    return data.images_dir / "yard" / "wall_0.jpg"
