import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from scene3d.engine.errors import Cancelled, NativeCrash, NativeMemoryFull, TimeLimitReached
from scene3d.engine.native.limits import available_bytes
from scene3d.engine.native.run import Event, NativeRequest, run_native

from . import native_tasks

Task = Callable[..., Any]

ROOT = Path(__file__).resolve().parents[2]


def never() -> None:
    """Nobody wants the run to stop."""


def ignore(_child: int, _event: Event) -> None:
    """Nobody is interested."""


def is_running(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def wait_until_gone(pid: int, timeout_s: float) -> None:
    deadline_s = time.monotonic() + timeout_s
    while is_running(pid):
        assert time.monotonic() < deadline_s, f"process {pid} is still there"
        time.sleep(0.02)


@pytest.fixture
def request_of(tmp_path: Path) -> Callable[..., NativeRequest]:
    def make(task: Task, name: str = "task", **payload: Any) -> NativeRequest:
        return NativeRequest(
            task=f"{task.__module__}:{task.__name__}",
            payload={"name": name, **payload},
            log=tmp_path / f"{name}.log",
        )

    return make


@pytest.fixture
def crash(request_of: Callable[..., NativeRequest]) -> Callable[..., NativeCrash]:
    def run(task: Task, **payload: Any) -> NativeCrash:
        with pytest.raises(NativeCrash) as crashed:
            run_native([request_of(task, **payload)], ignore, never)
        return crashed.value

    return run


def test_a_result_comes_from_another_process(request_of: Callable[..., NativeRequest]) -> None:
    [result] = run_native([request_of(native_tasks.count, steps=0)], ignore, never)
    assert result["name"] == "task"
    assert result["pid"] != os.getpid()
    assert not is_running(result["pid"])


def test_events_come_in_order_however_large(request_of: Callable[..., NativeRequest]) -> None:
    events: list[Mapping[str, Any]] = []
    request = request_of(native_tasks.count, steps=40, padding=5000)
    run_native([request], lambda child, event: events.append({"child": child, **event}), never)
    assert [event["step"] for event in events] == list(range(40))
    assert all(event["child"] == 0 and event["event"] == "step" for event in events)
    assert {event["padding"] for event in events} == {"\N{SNOWMAN}" * 5000}


def test_an_answer_may_be_nothing_or_much(request_of: Callable[..., NativeRequest]) -> None:
    nothing, much = (
        request_of(native_tasks.answer_nothing, "nothing"),
        request_of(native_tasks.answer_much, "much", count=300_000),
    )
    assert run_native([nothing, much], ignore, never) == [None, list(range(300_000))]
    assert nothing.log.read_text() == "a word to the log"


def test_children_run_at_the_same_time_and_answer_in_order(
    request_of: Callable[..., NativeRequest], tmp_path: Path
) -> None:
    folder = tmp_path / "meeting"
    folder.mkdir()
    names = ["a", "b", "c", "d"]
    requests = [
        request_of(native_tasks.meet, name, folder=str(folder), count=len(names)) for name in names
    ]
    assert run_native(requests, ignore, never) == names


def test_no_requests_have_no_results() -> None:
    assert run_native([], ignore, never) == []


def test_an_exception_is_a_crash_with_its_last_words(crash: Callable[..., NativeCrash]) -> None:
    problem = crash(native_tasks.fail)
    assert problem.message == "The native stage fail ended with exit code 1."
    assert problem.evidence["ended_with"] == "exit code 1"
    assert problem.evidence["task"].endswith(".native_tasks:fail")
    assert problem.evidence["last_words"].endswith("ValueError: the last words")
    assert "words on stdout" in Path(problem.evidence["log"]).read_text()


def test_last_words_are_the_last_and_few(crash: Callable[..., NativeCrash]) -> None:
    words = crash(native_tasks.fail_at_length).evidence["last_words"]
    assert len(words) <= 2000
    assert words.endswith("ValueError: the last words")
    assert "first words" not in words


def test_an_abort_costs_the_child_alone_and_is_named(crash: Callable[..., NativeCrash]) -> None:
    problem = crash(native_tasks.abort)
    assert problem.message == "The native stage abort ended with signal SIGABRT."
    assert problem.evidence["last_words"].startswith("the native library gave up")


def test_an_exit_code_is_named(crash: Callable[..., NativeCrash]) -> None:
    assert crash(native_tasks.leave, code=3).evidence["ended_with"] == "exit code 3"


def test_a_child_that_answers_and_then_crashes_has_crashed(
    crash: Callable[..., NativeCrash],
) -> None:
    assert crash(native_tasks.leave, code=3, answer=True).evidence["ended_with"] == "exit code 3"


def test_a_child_that_leaves_well_without_an_answer_has_crashed(
    crash: Callable[..., NativeCrash],
) -> None:
    assert crash(native_tasks.leave, code=0).evidence["ended_with"] == "exit code 0"


def test_one_crash_ends_the_other_children(request_of: Callable[..., NativeRequest]) -> None:
    pids: list[int] = []
    sleepers = [request_of(native_tasks.sleep, f"sleeper {number}") for number in range(2)]
    started_s = time.monotonic()
    with pytest.raises(NativeCrash, match="The native stage fail"):
        run_native(
            [*sleepers, request_of(native_tasks.fail)],
            lambda _child, event: pids.append(event["pid"]),
            never,
        )
    assert time.monotonic() - started_s < 30
    assert not any(is_running(pid) for pid in pids)


@pytest.mark.parametrize(
    ("task", "payload", "limit_s"),
    [
        (native_tasks.sleep, {}, 3),
        (native_tasks.sleep, {"stubborn": True}, 6),
        (native_tasks.linger, {}, 3),
    ],
    ids=["asleep", "deaf to SIGTERM", "done but not leaving"],
)
def test_a_cancelled_child_is_gone_soon(
    request_of: Callable[..., NativeRequest], task: Task, payload: dict[str, Any], limit_s: float
) -> None:
    pids: list[int] = []
    asked_at_s: list[float] = []

    def check() -> None:
        if pids and not asked_at_s:
            asked_at_s.append(time.monotonic())
        elif asked_at_s and time.monotonic() > asked_at_s[0] + 0.3:
            raise Cancelled

    with pytest.raises(Cancelled):
        run_native(
            [request_of(task, **payload)], lambda _child, event: pids.append(event["pid"]), check
        )
    assert time.monotonic() - asked_at_s[0] < limit_s
    assert not is_running(pids[0])


def test_an_exception_of_the_listener_ends_the_child(
    request_of: Callable[..., NativeRequest],
) -> None:
    pids: list[int] = []

    def on_event(_child: int, event: Event) -> None:
        pids.append(event["pid"])
        raise KeyError("the listener's own")

    with pytest.raises(KeyError, match="own"):
        run_native([request_of(native_tasks.sleep)], on_event, never)
    assert not is_running(pids[0])


def test_check_is_called_several_times_a_second(request_of: Callable[..., NativeRequest]) -> None:
    called_at_s: list[float] = []
    run_native(
        [request_of(native_tasks.sleep, seconds=1.5)],
        ignore,
        lambda: called_at_s.append(time.monotonic()),
    )
    assert 4 <= len(called_at_s) <= 100


def test_a_child_dies_with_its_parent(
    request_of: Callable[..., NativeRequest], tmp_path: Path
) -> None:
    grandchildren: list[int] = []

    def kill_parent(_child: int, event: Event) -> None:
        grandchildren.append(event["pid"])
        os.kill(event["parent_pid"], signal.SIGKILL)

    request = request_of(native_tasks.have_a_child, log=str(tmp_path / "grandchild.log"))
    with pytest.raises(NativeCrash, match="SIGKILL"):
        run_native([request], kill_parent, never)
    wait_until_gone(grandchildren[0], timeout_s=3)


def test_a_child_whose_parent_is_gone_before_it_starts_does_nothing(tmp_path: Path) -> None:
    answers = tmp_path / "answers"
    request = tmp_path / "request.json"
    request.write_text('{"task": "os:getcwd", "payload": {}}')
    with answers.open("wb") as file:
        ended = subprocess.run(
            [
                *(sys.executable, "-m", "scene3d.engine.native.child"),
                *(str(request), str(file.fileno()), "1"),
            ],
            cwd=ROOT,
            pass_fds=(file.fileno(),),
            capture_output=True,
            text=True,
            check=False,
        )
    assert (ended.returncode, ended.stderr) == (1, "the parent has gone\n")
    assert answers.read_bytes() == b""


def test_no_pipe_and_no_process_is_left(request_of: Callable[..., NativeRequest]) -> None:
    before = set(os.listdir("/proc/self/fd"))  # noqa: PTH208  # names, not paths
    run_native([request_of(native_tasks.count, f"{n}", steps=1) for n in range(3)], ignore, never)
    with pytest.raises(NativeCrash):
        run_native([request_of(native_tasks.fail)], ignore, never)
    assert set(os.listdir("/proc/self/fd")) == before  # noqa: PTH208


def test_a_child_is_under_limits(request_of: Callable[..., NativeRequest]) -> None:
    [limits] = run_native([request_of(native_tasks.tell_limits)], ignore, never)
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    assert 0 < available_bytes() <= machine
    assert limits["DATA"] == int(0.9 * available_bytes())
    assert (limits["FSIZE"], limits["CORE"]) == (64 << 30, 0)


def test_more_memory_than_there_is_has_a_code_of_its_own(
    crash: Callable[..., NativeCrash],
) -> None:
    problem = crash(native_tasks.take_memory, num_bytes=available_bytes())
    assert isinstance(problem, NativeMemoryFull)
    assert problem.code == "oom_killed"
    assert "MemoryError" in problem.evidence["last_words"]


def test_one_that_the_system_ends_was_short_of_memory(crash: Callable[..., NativeCrash]) -> None:
    assert crash(native_tasks.die_as_if_memory_were_short).code == "oom_killed"
    assert crash(native_tasks.abort).code == "native_crash"


def test_a_stage_that_hangs_ends_soon_after_its_deadline(
    request_of: Callable[..., NativeRequest],
) -> None:
    """Even one that does not hear SIGTERM."""
    deadline_s = time.monotonic() + 1

    def check() -> None:
        if time.monotonic() > deadline_s:
            raise TimeLimitReached("over")

    with pytest.raises(TimeLimitReached):
        run_native([request_of(native_tasks.sleep, stubborn=True)], ignore, check)
    assert time.monotonic() - deadline_s < 5
