from pathlib import Path

import numpy as np
import pytest

from scene3d.engine.export.ply import point_rows, read_ply, write_ply

from .builders import make_model

PLY_TO_NUMPY = {"float": "<f4", "uchar": "u1", "ushort": "<u2"}


def parsed(path: Path) -> np.ndarray:
    """Any binary little-endian PLY of one element without lists, by the format's own words.

    Source: Turk, "The PLY Polygon File Format", 1994.
    """
    header, _, body = path.read_bytes().partition(b"end_header\n")
    lines = [line.split() for line in header.decode("ascii").splitlines()]
    assert lines[0] == ["ply"]
    assert ["format", "binary_little_endian", "1.0"] in lines
    [(_, element, count)] = [line for line in lines if line[0] == "element"]
    properties = [(line[2], PLY_TO_NUMPY[line[1]]) for line in lines if line[0] == "property"]
    assert element == "vertex"
    dtype = np.dtype(properties)
    assert len(body) == int(count) * dtype.itemsize
    return np.frombuffer(body, dtype)


def test_another_reader_finds_the_chosen_points(tmp_path: Path) -> None:
    model = make_model(
        [[0.0, 1.0, 2.0], [0.1, -1e6, 3e-9], [7.0, 8.0, 9.0]],
        tracks=[[0, 1], [0, 1, 2], [1, 2]],
        error_px=[0.5, 0.25, 3.75],
        photo_indices=(0, 1, 2),
    )
    write_ply(point_rows(model, np.array([1, 2])), tmp_path / "points.ply")
    vertices = parsed(tmp_path / "points.ply")
    assert vertices.dtype.names == (
        *("x", "y", "z", "red", "green", "blue"),
        *("error", "track_length"),
    )
    positions = np.stack([vertices[axis] for axis in "xyz"], axis=1)
    assert np.array_equal(positions, model.xyz[1:].astype(np.float32))
    colours = np.stack([vertices[channel] for channel in ("red", "green", "blue")], axis=1)
    assert colours.tolist() == [[3, 4, 5], [6, 7, 8]]
    assert vertices["error"].tolist() == [0.25, 3.75]
    assert vertices["track_length"].tolist() == [3, 2]


def test_an_empty_cloud_is_a_valid_file(tmp_path: Path) -> None:
    path = tmp_path / "points.ply"
    write_ply(point_rows(make_model([]), np.array([], np.intp)), path)
    assert len(parsed(path)) == 0
    assert len(read_ply(path)) == 0


def test_tracks_longer_than_the_column_holds_are_cut(tmp_path: Path) -> None:
    model = make_model([[0, 0, 0]], tracks=[[0] * 70_000])
    write_ply(point_rows(model, np.array([0])), tmp_path / "points.ply")
    assert parsed(tmp_path / "points.ply")["track_length"].tolist() == [65_535]


def test_our_own_reader_agrees_with_the_other(tmp_path: Path) -> None:
    path = tmp_path / "points.ply"
    write_ply(point_rows(make_model(np.arange(30.0)), np.arange(0, 10, 2)), path)
    assert np.array_equal(read_ply(path), parsed(path))


@pytest.mark.parametrize("content", [b"", b"ply\n", b"S3DC", b"ply\nend_header\n"])
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "points.ply"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"points\.ply"):
        read_ply(path)


def test_a_cut_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "points.ply"
    write_ply(point_rows(make_model(np.arange(30.0)), np.arange(10)), path)
    content = path.read_bytes()
    for missing in (1, 29, 30, 60):
        path.write_bytes(content[:-missing])
        with pytest.raises(ValueError, match=r"points\.ply"):
            read_ply(path)
