"""The first look: advice for what is wrong, silence for what is right."""

import shutil
from pathlib import Path

import pytest
from PIL import Image, ImageFilter

from scene3d.engine.checking import prepare_photos
from scene3d.engine.host import Host
from scene3d.engine.preflight import Preflight, look_over
from scene3d.engine.presets import PRESETS
from scene3d.engine.progress import Silent
from scene3d.engine.sources import find_photos
from scene3d.engine.synthetic import TINY, render_unrelated
from scene3d.engine.workspace import Workspace

QUICK = PRESETS["quick"].options


def look(folder: Path, workspace: Workspace, host: Host) -> Preflight:
    photos = prepare_photos(find_photos(folder), QUICK.photos, workspace, Silent(), host)
    return look_over(photos, QUICK, workspace, Silent(), host)


def test_good_photos_get_no_advice(
    tiny_photos: Path, workspace: Workspace, bare_host: Host
) -> None:
    preflight = look(tiny_photos, workspace, bare_host)
    assert preflight.advice == []
    assert (preflight.num_photos, preflight.num_readable) == (7, 7)
    assert 5 < preflight.expected_seconds < 120
    assert 300 < preflight.expected_memory_mb < 1000


def test_each_flaw_is_named_once(
    tiny_photos: Path, tmp_path: Path, workspace: Workspace, bare_host: Host
) -> None:
    folder = tmp_path / "photos"
    shutil.copytree(tiny_photos, folder)
    first, second, third, *_ = sorted(folder.iterdir())
    shutil.copy(first, folder / "z_copy.jpg")
    with Image.open(second) as image:
        image.filter(ImageFilter.GaussianBlur(3)).save(second)
    with Image.open(third) as image:
        image.point(lambda level: level // 25).save(folder / "z_dark.jpg")
    (folder / "z_empty.jpg").write_bytes(b"")
    render_unrelated(TINY, folder, 1)
    advice = look(folder, workspace, bare_host).advice
    named = {entry.code: entry.photos for entry in advice}
    [foreign] = [path.name for path in folder.iterdir() if "unrelated" in path.name]
    assert named.pop("no_partner") in ([foreign], [foreign, "z_dark.jpg"])
    assert named == {
        "unreadable": ["z_empty.jpg"],
        "duplicate": ["z_copy.jpg"],
        "blurred": [second.name],
        "dark": ["z_dark.jpg"],
    }
    assert advice[0].message == "1 photo cannot be read and is left out."


def test_two_photos_are_looked_at_before_they_are_too_few(
    tiny_photos: Path, tmp_path: Path, workspace: Workspace, bare_host: Host
) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    for path in sorted(tiny_photos.iterdir())[:2]:
        shutil.copy(path, folder)
    seen: list[int] = []

    class Watcher(Silent):
        def checked(self, photos: object) -> None:
            seen.append(len(photos.accepted))  # type: ignore[attr-defined]  # a PhotoSet

    with pytest.raises(Exception, match="at least 3 are needed"):
        prepare_photos(find_photos(folder), QUICK.photos, workspace, Watcher(), bare_host)
    assert seen == [2]
