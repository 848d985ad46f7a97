"""Runs as people and programs find them in MLflow: on the embedded store and on a real server."""

import json
import os
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from mlops.mlflow_tracker import CHANGED_PARAMS_TAG, IDENTITY_TAG, PARENT_TAG
from mlops.tracker import (
    NON_FINITE_TAG,
    REGISTERED_MODEL,
    Artifact,
    RunUnpublished,
    TrackerRefused,
)
from tests.mlops.workplace import NOON, NOON_MS, Workplace, record


def test_an_experiment_is_a_tree_of_runs(place: Workplace) -> None:
    tracker = place.tracker()
    parent_id = tracker.publish(record(tags={"mlflow.note.content": "Why"}))
    tracker.publish(record("stage:validate", parent="parent", status="failed"))
    trial_id = tracker.publish(record("trial:quick/seed0", parent="stage:validate"))

    runs = place.runs()
    assert {key: run.info.run_id for key, run in runs.items()} == {
        "parent": parent_id,
        "stage:validate": runs["stage:validate"].info.run_id,
        "trial:quick/seed0": trial_id,
    }
    parent, stage, trial = (runs[key] for key in ("parent", "stage:validate", "trial:quick/seed0"))
    assert PARENT_TAG not in parent.data.tags
    assert stage.data.tags[PARENT_TAG] == parent_id
    assert trial.data.tags[PARENT_TAG] == stage.info.run_id
    assert parent.data.tags["mlflow.note.content"] == "Why"
    assert (parent.info.run_name, parent.info.status) == ("Run parent", "FINISHED")
    assert stage.info.status == "FAILED"
    assert (trial.info.start_time, trial.info.end_time) == (NOON_MS, NOON_MS + 90_000)


def test_a_run_has_all_that_its_record_says(place: Workplace) -> None:
    csv, ply = place.file("evaluation.csv", "scene,mAA\n"), place.file("points.ply", "ply\n")
    place.file("provenance/git.json", "{}")
    run_id = place.tracker().publish(
        record(
            params={"sift": {"size": 1024}, "seeds": [0, 1]},
            metrics={"mAA@1": 0.875, "loss": [(0, 2.0), (5, 1.0)]},
            artifacts=[
                Artifact(csv, "evaluation"),
                Artifact(ply),
                Artifact(csv.parent / "provenance", "provenance"),
            ],
        )
    )
    data = place.runs()["parent"].data
    assert data.params == {"sift.size": "1024", "seeds": "[0, 1]"}
    assert data.metrics == {"mAA_1": 0.875, "loss": 1.0}
    history = place.client.get_metric_history(run_id, "loss")
    assert [(point.step, point.value, point.timestamp) for point in history] == [
        (0, 2.0, NOON_MS + 90_000),
        (5, 1.0, NOON_MS + 90_000),
    ]
    assert place.artifacts(run_id) == {
        "evaluation/evaluation.csv": "scene,mAA\n",
        "points.ply": "ply\n",
        "provenance/git.json": "{}",
    }


def test_publishing_again_changes_nothing(place: Workplace) -> None:
    trial = record(
        params={"a": 1}, metrics={"m": [(0, 1.0), (1, 2.0)]}, artifacts=[Artifact(place.file("a"))]
    )
    run_id = place.tracker().publish(trial)
    before = place.runs()["parent"].to_dictionary()
    assert place.tracker().publish(trial) == run_id
    assert place.runs()["parent"].to_dictionary() == before
    assert len(place.client.get_metric_history(run_id, "m")) == 2


def test_publishing_a_later_state_updates(place: Workplace) -> None:
    path = place.file("a.csv", "old")
    first = record(
        status="running",
        ended=None,
        params={"kept": 1, "changed": 1},
        metrics={"m": 1.0, "bad": float("nan")},
        tags={"t": "old"},
        artifacts=[Artifact(path)],
    )
    run_id = place.tracker().publish(first)
    run = place.runs()["parent"]
    assert (run.info.status, run.info.end_time or None) == ("RUNNING", None)
    assert run.data.tags[NON_FINITE_TAG] == "bad (step 0: nan)"
    assert run.data.metrics == {"m": 1.0}

    path.write_text("new")
    later = replace(
        first,
        status="killed",
        ended=NOON + timedelta(seconds=5),
        name="Another name",
        params={"kept": 1, "changed": 2, "new": 3},
        metrics={"m": 0.5},
        tags={"t": "new"},
        artifacts=[Artifact(path), Artifact(place.file("b.csv"))],
    )
    assert place.tracker().publish(later) == run_id
    run = place.runs()["parent"]
    assert (run.info.status, run.info.run_name) == ("KILLED", "Another name")
    assert run.data.params == {"kept": "1", "changed": "1", "new": "3"}
    assert run.data.tags[CHANGED_PARAMS_TAG] == "changed=2"
    assert run.data.tags["t"] == "new"
    assert run.data.tags[NON_FINITE_TAG] == ""
    assert run.data.metrics == {"m": 0.5}
    assert place.artifacts(run_id) == {"a.csv": "new", "b.csv": "x"}


def test_the_limits_are_kept(place: Workplace) -> None:
    """More than one request, each under a megabyte, of characters that JSON escapes."""
    big = record(
        params={f"p{index}": "ü" * 7000 for index in range(45)} | {"empty": ""},
        tags={f"t{index}": "ü" * 9000 for index in range(25)},
        metrics={"m": [(step, step / 2) for step in range(2500)]},
    )
    run_id = place.tracker().publish(big)
    data = place.runs()["parent"].data
    assert len(data.params) == 46
    assert data.params["empty"] == ""
    assert {len(data.params[f"p{index}"]) for index in range(45)} == {6000}
    assert {len(data.tags[f"t{index}"]) for index in range(25)} == {8000}
    history = place.client.get_metric_history(run_id, "m")
    assert {point.step: point.value for point in history} == {s: s / 2 for s in range(2500)}


def test_names_that_addresses_would_cut_arrive_whole(place: Workplace) -> None:
    path = place.file("plan #2 50%.csv", "content")
    run_id = place.tracker().publish(record(artifacts=[Artifact(path, "scene ü")]))
    assert place.artifacts(run_id) == {"scene ü/plan _2 50_.csv": "content"}


def test_a_run_whose_making_was_not_noted_is_found(place: Workplace) -> None:
    """We, or the answer, died between making it and writing it down."""
    run_id = place.tracker().publish(
        record(metrics={"m": 1.0}, artifacts=[Artifact(place.file("a"))])
    )
    ledger = json.loads(place.ledger_path.read_text())
    place.ledger_path.write_text(json.dumps({**ledger, "runs": {}}))
    assert place.tracker().publish(record(metrics={"m": 1.0})) == run_id
    assert len(place.client.get_metric_history(run_id, "m")) == 1
    assert set(place.runs()) == {"parent"}


def test_a_deleted_run_is_made_anew_with_all_that_it_had(place: Workplace) -> None:
    child = record("trial:a", parent="parent", artifacts=[Artifact(place.file("a"))])
    tracker = place.tracker()
    parent_id, child_id = tracker.publish(record()), tracker.publish(child)
    for run_id in (parent_id, child_id):
        place.client.delete_run(run_id)
    again = place.tracker()
    assert again.publish(record()) != parent_id
    again.publish(child)
    runs = place.runs()
    assert runs["trial:a"].data.tags[PARENT_TAG] == runs["parent"].info.run_id
    assert place.artifacts(runs["trial:a"].info.run_id) == {"a": "x"}


def test_a_candidate_has_one_version_and_aliases_move(place: Workplace) -> None:
    tracker = place.tracker()
    run_ids, versions = [], []
    for name in ("quick", "standard"):
        path = place.file(f"{name}/configuration.json", f'{{"preset": "{name}"}}')
        artifacts = [Artifact(path, "configuration")]
        run_ids.append(tracker.publish(record(f"trial:{name}", artifacts=artifacts)))
        versions.append(tracker.register(f"trial:{name}", f"The {name} one"))
    assert versions[1] == versions[0] + 1
    assert place.tracker().register("trial:quick", "Said better") == versions[0]
    tracker.set_alias(versions[0], "champion")
    tracker.set_alias(versions[1], "challenger")

    def named(alias: str) -> Any:
        return place.client.get_model_version_by_alias(REGISTERED_MODEL, alias)

    champion = named("champion")
    assert (int(champion.version), champion.run_id) == (versions[0], run_ids[0])
    assert champion.description == "Said better"
    assert champion.source.endswith(f"{run_ids[0]}/artifacts/configuration")
    assert int(named("challenger").version) == versions[1]
    tracker.set_alias(versions[1], "champion")
    assert int(named("champion").version) == versions[1]
    assert "champion" not in place.client.get_model_version(REGISTERED_MODEL, versions[0]).aliases
    for _ in range(2):
        tracker.drop_alias("champion")
    assert list(place.client.get_registered_model(REGISTERED_MODEL).aliases) == ["challenger"]


def test_what_cannot_be_registered_is_told(place: Workplace) -> None:
    tracker = place.tracker()
    with pytest.raises(RunUnpublished, match=r"^The run trial:a is not published\.$"):
        tracker.register("trial:a", "")
    tracker.publish(record("trial:a", artifacts=[Artifact(place.file("configuration.json"))]))
    with pytest.raises(RunUnpublished, match="has no configuration") as problem:
        tracker.register("trial:a", "")
    assert "configuration/" in problem.value.next_step


def test_a_deleted_experiment_is_not_filled(place: Workplace) -> None:
    place.client.delete_experiment(place.client.create_experiment(place.experiment))
    with pytest.raises(TrackerRefused, match=r"was deleted\.$") as problem:
        place.tracker().publish(record())
    assert "Restore it" in problem.value.next_step


def test_a_child_without_its_parent_is_refused(place: Workplace) -> None:
    with pytest.raises(RunUnpublished, match=r"^The run parent is not published\.$"):
        place.tracker().publish(record("trial:a", parent="parent"))


def test_addresses_are_those_of_the_pages(place: Workplace) -> None:
    run_id = place.tracker().publish(record())
    experiment_id = place.runs()["parent"].info.experiment_id
    base = place.uri if place.uri.startswith("http") else "http://127.0.0.1:5000"
    address = f"{base}/#/experiments/{experiment_id}/runs/{run_id}?workflowType=machine_learning"
    assert place.tracker().url_of(run_id) == address
    with pytest.raises(RunUnpublished):
        place.tracker().url_of("0" * 32)


def test_nothing_of_the_environment_is_left_changed(
    place: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "77")
    before = dict(os.environ)
    place.tracker().publish(record())
    assert dict(os.environ) == before


def test_stdout_stays_ours(place: Workplace, capfd: pytest.CaptureFixture[str]) -> None:
    """Commands print JSON there."""
    place.tracker().publish(record())
    assert capfd.readouterr().out == ""


def test_its_identity_is_a_tag(place: Workplace) -> None:
    place.tracker().publish(record())
    other = replace(place, folder=place.folder / "other")
    other.tracker().publish(record("stage:a"))
    runs = place.runs()
    assert len({run.data.tags[IDENTITY_TAG] for run in runs.values()}) == 2
