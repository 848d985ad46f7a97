"""`manage.py score`: what it prints and how it ends."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.conftest import ROOT, SHARED

ONE = "1;0;0;0;1;0;0;0;1"
CENTERS = ("0;0;0", "1;0;0", "0;2;0", "0;0;3", "1;1;1")


@pytest.fixture
def tables(tmp_path: Path) -> dict[str, Path]:
    """Five photos of a gate, all in their places, and an outlier among them."""
    paths = {name: tmp_path / f"{name}.csv" for name in ("labels", "thresholds", "submission")}
    header = "dataset,scene,image,rotation_matrix,translation_vector\n"
    nowhere = ";".join(["nan"] * 9) + "," + ";".join(["nan"] * 3)
    rows = [f"{index}.jpg,{ONE},{center}\n" for index, center in enumerate(CENTERS)]
    paths["labels"].write_text(
        header + "".join(f"town,gate,{row}" for row in rows) + f"town,outliers,o.jpg,{nowhere}\n"
    )
    paths["thresholds"].write_text("dataset,scene,thresholds\ntown,gate,0.01;0.02;0.05;0.1\n")
    paths["submission"].write_text(
        header + "".join(f"town,one,{row}" for row in rows) + f"town,one,o.jpg,{nowhere}\n"
    )
    return paths


def test_json(tables: dict[str, Path], capsys: pytest.CaptureFixture[str]) -> None:
    call_command("score", json=True, **tables)
    found = json.loads(capsys.readouterr().out)
    percentages = {"score": 1000 / 11, "mAA": 100.0, "clusterness": 500 / 6}
    scene = {
        "name": "gate", "cluster": "one", "num_photos": 5, "num_in_cluster": 5, "cluster_size": 6,
        "num_registered": [5, 5, 5, 5], "maa_percent": 100.0,
    }  # fmt: skip
    assert list(found) == ["score", "mAA", "clusterness", "per_dataset", "per_scene"]
    assert {name: found[name] for name in percentages} == pytest.approx(percentages)
    assert found["per_dataset"] == {"town": pytest.approx(percentages)}
    assert found["per_scene"] == {"town": {"gate": scene}}


def test_table(tables: dict[str, Path], capsys: pytest.CaptureFixture[str]) -> None:
    call_command("score", **tables)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["score", "mAA", "clusterness"]
    assert lines[1].split() == ["town", "90.91", "100.00", "83.33"]
    assert lines[2].split(maxsplit=2) == [
        "gate", "100.00", "5 of 5 photos in one, registered 5, 5, 5, 5",
    ]  # fmt: skip
    assert lines[3].split() == ["all", "90.91", "100.00", "83.33"]
    assert len(lines) == 4


def test_no_cluster_is_said(tables: dict[str, Path], capsys: pytest.CaptureFixture[str]) -> None:
    text = tables["submission"].read_text().replace(",one,", ",outliers,")
    tables["submission"].write_text(text)
    call_command("score", **tables)
    assert "no cluster" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("table", "content", "code"),
    [
        ("labels", None, "input_not_found"),
        ("labels", "dataset,scene,image\n", "column_missing"),
        ("thresholds", "dataset,scene,thresholds\ntown,gate,1;2\n", "thresholds_malformed"),
        ("thresholds", "dataset,scene,thresholds\ntown,wall,1;2;3\n", "scene_without_thresholds"),
    ],
)
def test_bad_tables_end_with_one_line_and_two(
    tables: dict[str, Path],
    capfd: pytest.CaptureFixture[str],
    table: str,
    content: str | None,
    code: str,
) -> None:
    if content is None:
        tables[table].unlink()
    else:
        tables[table].write_text(content)
    with pytest.raises(SystemExit) as ended:
        call_command("score", json=True, **tables)
    out, err = capfd.readouterr()
    assert ended.value.code == 2
    assert out == ""
    [line] = err.splitlines()
    assert line.startswith(f"{code}: ")
    assert line.endswith(".")


def test_every_table_is_needed(tables: dict[str, Path]) -> None:
    del tables["submission"]
    with pytest.raises(CommandError, match="--submission"):
        call_command("score", **tables)


def test_a_process_of_its_own_agrees_with_the_host() -> None:
    case = SHARED / "golden" / "imc2025_metric" / "case04"
    if not case.is_dir():
        pytest.skip("the challenge's cases (../shared/golden) are not here")
    command = [sys.executable, "manage.py", "score", "--json"]
    for option, table in (
        ("--labels", "train_labels.csv"),
        ("--thresholds", "train_thresholds.csv"),
        ("--submission", "submission.csv"),
    ):
        command += [option, str(case / table)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    found, expected = json.loads(done.stdout), json.loads((case / "expected.json").read_text())
    assert done.stderr == ""
    assert found["score"] == pytest.approx(expected["score"], abs=1e-9)
    for dataset, percentages in expected["per_dataset"].items():
        assert found["per_dataset"][dataset] == pytest.approx(percentages, abs=1e-9)
