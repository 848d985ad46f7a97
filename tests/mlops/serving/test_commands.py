"""Promotion, roll-back and history on the command line."""

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import CommandError, call_command

from accounts.models import User
from mlops import services
from mlops.models import AuditEntry, Candidate
from scene3d.engine.public import PRESETS, ReconstructionOptions
from tests.mlops.serving.builders import (
    METRICS,
    REFUSED,
    WHY,
    make_candidate,
    make_experiment,
    served_seeds,
)

pytestmark = pytest.mark.django_db


def said(*arguments: Any, **options: Any) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out, **options)
    return out.getvalue()


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    with pytest.raises(SystemExit) as ended:
        call_command(*arguments)
    assert ended.value.code == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    [line] = captured.err.splitlines()
    return line


def test_promoting_and_rolling_back(olga: User) -> None:
    pk = make_candidate(seed=4).pk
    words = said("promote", str(pk), "--reason", WHY, "--user", "olga")
    assert words == "Configuration 1 is served now: Nightly: standard-4\n"
    assert served_seeds() == {"standard": 4}
    words = said("roll_back", "--reason", "Blurred doors.")
    assert words == "Configuration 2 is served now, with the options of 0\n"
    assert said("roll_back", "1", "--reason", WHY).endswith("with the options of 1\n")
    entries = AuditEntry.objects.order_by("pk").values_list("act", "who_name", "reason")
    assert list(entries) == [
        ("promote", "olga", WHY),
        ("roll_back", "command line", "Blurred doors."),
        ("roll_back", "command line", WHY),
    ]


def test_refusals_are_one_line(eve: User, capsys: pytest.CaptureFixture[str]) -> None:
    pk = str(make_candidate(reasons=REFUSED).pk)
    line = refused(capsys, "promote", pk, "--reason", WHY)
    assert line.startswith("candidate_refused: Not every gate has passed: max_time_ratio. ")
    waiting = str(make_candidate().pk)
    wrong = {
        ("promote", waiting, "--reason", WHY, "--user", "eve"): "permission_denied",
        ("promote", waiting, "--reason", WHY, "--user", "nobody"): "user_unknown",
        ("promote", waiting, "--reason", " "): "reason_needed",
        ("promote", "999", "--reason", WHY): "candidate_unknown",
        ("roll_back", "--reason", WHY): "nothing_to_restore",
        ("roll_back", "7", "--reason", WHY): "version_unknown",
    }
    for arguments, code in wrong.items():
        assert refused(capsys, *arguments).startswith(f"{code}: ")
    assert not AuditEntry.objects.exists()


@pytest.mark.usefixtures("approval")
def test_two_people_need_two_names(
    olga: User, ada: User, capsys: pytest.CaptureFixture[str]
) -> None:
    candidate = make_candidate()
    services.propose(candidate, olga, WHY)
    pk = str(candidate.pk)
    assert refused(capsys, "promote", pk, "--reason", WHY).startswith("person_needed: ")
    said("promote", pk, "--reason", WHY, "--user", "ada")
    assert Candidate.objects.get().state == "promoted"


def test_the_history(olga: User) -> None:
    assert said("configurations") == "*    0  the engine's own presets\n"
    services.promote(make_candidate(seed=1), olga, "Sharper.")
    services.roll_back(0, "command line", "Too slow.")
    second, first, own = said("configurations").splitlines()
    assert second.startswith("*    2  20")
    assert second.endswith("  command line: restores 0. Too slow.")
    assert first.startswith("     1  20")
    pk = Candidate.objects.get().pk
    words = f"olga: standard from Nightly: standard-1 (candidate {pk}). Sharper."
    assert first.endswith(words)
    assert own == "     0  the engine's own presets"


def test_the_best_configuration_of_a_new_server() -> None:
    text = said("best_config")
    assert yaml.safe_load(text) == {
        "version": 0,
        "reason": "Nothing has been promoted yet.",
        "presets": {name: {"options": {}} for name in PRESETS},
    }


def test_the_best_configuration_is_complete(olga: User, tmp_path: Path) -> None:
    options = PRESETS["standard"].options.merged(
        {"features": {"max_keypoints": 8192}, "matching": {"max_ratio": 0.8}}
    )
    experiment = make_experiment("Größer")
    services.promote(make_candidate(experiment, seed=2, options=options), olga, WHY)
    services.promote(make_candidate(preset="quick", seed=3), olga, WHY)
    services.roll_back(1, olga, "Quick was\nbetter: before.")
    path = tmp_path / "best_config.yaml"
    assert said("best_config", output=path) == f"{path}\n"
    text = path.read_text()
    assert text.startswith("# What Scene3D serves")
    assert "Größer" in text
    written = yaml.safe_load(text)
    assert (written["version"], written["restores"], written["by"]) == (3, 1, "olga")
    assert written["reason"] == "Quick was\nbetter: before."
    standard = written["presets"]["standard"]
    assert standard["options"] == {
        "features": {"max_keypoints": 8192}, "matching": {"max_ratio": 0.8},
    }  # fmt: skip
    merged = PRESETS["standard"].options.merged(standard["options"])
    assert merged == options == ReconstructionOptions.from_dict(options.to_dict())
    assert standard["experiment"] == f"Größer ({experiment.pk})"
    assert (standard["trial"], standard["scores"]["score"]) == ("standard-2", 61.0)
    assert standard["instead_of"]["per_dataset"] == METRICS["champion"]["per_dataset"]
    assert written["presets"]["quick"] == written["presets"]["thorough"] == {"options": {}}


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="No such file"):
        call_command("best_config", output=tmp_path / "gone" / "best_config.yaml")
