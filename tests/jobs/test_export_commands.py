"""`manage.py export` and `manage.py replay`, as a person calls them."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.management import call_command

from accounts.models import User
from jobs import services
from scene3d.engine.export.bundle import read_provenance
from scene3d.engine.export.ply import read_ply
from tests.jobs.real_result import make_real


def export(result: object, form: str, output: Path, **options: Any) -> str:
    printed = StringIO()
    call_command("export", str(result), format=form, output=output, stdout=printed, **options)
    return printed.getvalue()


def test_a_folder_is_exported_in_metres(tiny_result: Path, tmp_path: Path) -> None:
    output = tmp_path / "new" / "scaled.ply"
    assert f"{output}: " in export(tiny_result, "ply", output, metres_per_unit=2.0)
    plain = tmp_path / "plain.ply"
    plain.write_bytes(output.read_bytes().replace(b"; positions in metres", b""))
    expected = read_ply(tiny_result / "points.ply")
    assert np.allclose(read_ply(plain)["y"], 2 * expected["y"])


@pytest.mark.django_db
def test_a_job_knows_its_photos_and_its_scale(
    alice: User, tiny_result: Path, tiny_photos: Path, tmp_path: Path
) -> None:
    job = make_real(alice, tiny_result, tiny_photos, tmp_path)
    services.set_scale(job, 0.5)
    export(job.pk, "bundle", tmp_path / "bundle.zip")
    provenance = read_provenance(tmp_path / "bundle.zip")
    assert provenance.metres_per_unit == 0.5
    assert all(photo.file for photo in provenance.photos)
    export(job.pk, "cameras", tmp_path / "cameras.json")
    document = json.loads((tmp_path / "cameras.json").read_text())
    assert document["models"][0]["metres_per_unit"] == 0.5


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("result", "form", "options", "code"),
    [
        (None, "nerfstudio", {}, "photos_needed"),
        (None, "ply", {"metres_per_unit": -1.0}, "options_invalid"),
        (None, "ply", {"metres_per_unit": float("nan")}, "options_invalid"),
        ("nowhere", "ply", {}, "input_not_found"),
        ("5b0c1f3e-6f0e-4a7e-8c6d-0d4a4f3c2b1a", "ply", {}, "input_not_found"),
    ],
)
def test_what_cannot_be_exported_says_why(
    result: str | None,
    form: str,
    options: dict[str, Any],
    code: str,
    *,
    tiny_result: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as left:
        export(result or tiny_result, form, tmp_path / "output", **options)
    assert left.value.code == 2
    assert capsys.readouterr().err.strip().splitlines()[-1].startswith(f"{code}: ")
    assert not (tmp_path / "output").exists()


@pytest.mark.long
def test_a_bundle_is_replayed(tiny_result: Path, tiny_photos: Path, tmp_path: Path) -> None:
    bundle = tmp_path / "bundle.zip"
    export(tiny_result, "bundle", bundle, photos=tiny_photos, names_only=True)
    printed = StringIO()
    call_command(
        "replay", str(bundle), photos=tiny_photos, output=tmp_path / "again", stdout=printed
    )
    assert printed.getvalue().startswith("The same model.\n")
    assert (tmp_path / "again" / "report.json").is_file()
