from pathlib import Path

from scene3d.engine.workspace import Workspace


def test_preparing_deletes_what_an_earlier_run_left(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "deep" / "run")
    workspace.prepare()
    for path in (workspace.photo(3), workspace.features(3), workspace.result_dir / "report.json"):
        path.write_text("old")
    workspace.database_path.write_text("old")
    workspace.prepare()
    assert not [path for path in workspace.root.rglob("*") if path.is_file()]
    assert workspace.result_dir.is_dir()


def test_every_file_of_a_photo_has_its_own_place(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "run")
    workspace.prepare()
    places = [
        place(index)
        for place in (workspace.photo, workspace.preview, workspace.thumbnail, workspace.features)
        for index in (0, 1, 999_999, 1_000_000)
    ]
    assert len(set(places)) == len(places)
    assert all(path.parent.is_dir() for path in places)
    assert all(path.is_relative_to(workspace.root) for path in places)
