"""Trackers that do not answer, refuse, or are not the ones of yesterday."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mlops.patience import TrackerOptions
from mlops.tracker import Artifact, LedgerInvalid, TrackerRefused, TrackerUnavailable
from tests.mlops.conftest import copy_store
from tests.mlops.live_mlflow import LiveServer, Wire, live_server
from tests.mlops.workplace import Workplace, record


def within(bound_s: tuple[float, float], work: Callable[[], object]) -> None:
    started_s = time.monotonic()
    work()
    assert bound_s[0] <= time.monotonic() - started_s <= bound_s[1]


def test_a_password_in_the_address_is_not_shown(remote: Workplace, wire: Wire) -> None:
    secret_uri = wire.uri.replace("//", "//ann:s3cret@")
    run_id = remote.tracker(secret_uri).publish(record())
    assert remote.tracker(secret_uri).url_of(run_id).startswith(f"{wire.uri}/#/")
    wire.set("cut")
    with pytest.raises(TrackerUnavailable) as problem:
        remote.tracker(secret_uri).publish(record())
    assert "s3cret" not in problem.value.message
    assert f"MLflow at {wire.uri} says: " in problem.value.message


@pytest.mark.parametrize(("state", "bound_s"), [("cut", (0.4, 3.0)), ("dead", (1.0, 5.0))])
def test_a_server_that_does_not_answer_is_given_up(
    remote: Workplace, wire: Wire, state: Any, bound_s: tuple[float, float]
) -> None:
    tracker = remote.tracker(wire.uri)
    tracker.publish(record())
    wire.set(state)

    def fail() -> None:
        with pytest.raises(TrackerUnavailable) as problem:
            tracker.publish(record("trial:a", parent="parent"))
        assert problem.value.code == "tracker_unavailable"
        assert "run the same command again" in problem.value.next_step

    within(bound_s, fail)
    wire.set("up")
    tracker.publish(record("trial:a", parent="parent"))
    assert set(remote.runs()) == {"parent", "trial:a"}


def test_a_pause_is_waited_out(remote: Workplace, wire: Wire) -> None:
    """The server comes back while it is asked again."""
    tracker = remote.tracker(wire.uri, TrackerOptions(give_up_after_s=20.0))
    tracker.publish(record())
    wire.set("cut")
    threading.Timer(1.0, wire.set, ["up"]).start()
    within((0.9, 10.0), lambda: tracker.publish(record(metrics={"m": 1.0})))
    assert remote.runs()["parent"].data.metrics == {"m": 1.0}


def test_uploads_go_on_where_they_were_torn(
    remote: Workplace, wire: Wire, server: LiveServer
) -> None:
    """Cut in the middle of the second of three; what was whole is not sent again."""
    names = [f"{remote.experiment}-{number}.ply" for number in range(3)]
    sizes = [300_000, 3_000_000, 300_000]
    files = [remote.file(name, "x" * size) for name, size in zip(names, sizes, strict=True)]
    trial = record(metrics={"m": 1.0}, artifacts=[Artifact(path, "ply") for path in files])
    wire.break_after_bytes = 1_500_000
    with pytest.raises(TrackerUnavailable):
        remote.tracker(wire.uri).publish(trial)
    assert [server.uploads_of(name) for name in names] == [1, 0, 0]
    assert remote.runs()["parent"].info.status == "RUNNING"

    wire.set("up")
    run_id = remote.tracker(wire.uri).publish(trial)
    assert [server.uploads_of(name) for name in names] == [1, 1, 1]
    assert {name: len(text) for name, text in remote.artifacts(run_id).items()} == {
        f"ply/{name}": size for name, size in zip(names, sizes, strict=True)
    }
    assert remote.runs()["parent"].info.status == "FINISHED"
    assert len(remote.client.get_metric_history(run_id, "m")) == 1


@pytest.mark.long
def test_a_killed_server_costs_nothing(empty_store: Path, tmp_path: Path) -> None:
    """The process itself, killed and started again on the same store."""
    with live_server(tmp_path, copy_store(empty_store, tmp_path / "store")) as server:
        place = Workplace(server.uri, tmp_path / "experiment", "killed")
        place.tracker().publish(record(artifacts=[Artifact(place.file("a.csv"))]))
        server.kill()
        trial = record("trial:a", parent="parent", artifacts=[Artifact(place.file("b.csv"))])
        with pytest.raises(TrackerUnavailable):
            place.tracker().publish(trial)
        server.start()
        place.tracker().publish(record(artifacts=[Artifact(place.file("a.csv"))]))
        run_id = place.tracker().publish(trial)
        assert set(place.runs()) == {"parent", "trial:a"}
        assert place.artifacts(run_id) == {"b.csv": "x"}
        assert [server.uploads_of(name) for name in ("a.csv", "b.csv")] == [1, 1]


def test_a_refusal_is_told_at_once(place: Workplace) -> None:
    tracker = place.tracker(options=TrackerOptions())
    tracker.publish(record())  # the first opening of a store takes its time

    def refuse() -> None:
        with pytest.raises(TrackerRefused, match="says: ") as problem:
            tracker.set_alias(987_654, "champion")
        assert problem.value.code == "tracker_refused"

    within((0.0, 5.0), refuse)


def test_the_same_ledger_follows_to_another_tracker(remote: Workplace, embedded_uri: str) -> None:
    trial = record(metrics={"m": 1.0}, artifacts=[Artifact(remote.file("a"))])
    remote.tracker(embedded_uri).publish(trial)
    run_id = remote.tracker().publish(trial)
    assert remote.runs()["parent"].info.run_id == run_id
    assert remote.artifacts(run_id) == {"a": "x"}


def test_a_broken_ledger_is_told_and_left_alone(place: Workplace) -> None:
    place.ledger_path.write_text('{"runs": ')
    with pytest.raises(LedgerInvalid):
        place.tracker().publish(record())
    assert place.ledger_path.read_text() == '{"runs": '
