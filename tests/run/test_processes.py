"""Work by several processes: one result for each item, whatever ends a process."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

import pytest

from transpile.run import processes
from transpile.run.processes import Lost, Processes, spread

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs processes that fork")


def squares(numbers: Sequence[int]) -> list[int]:
    return [number**2 for number in numbers]


def squaring() -> Callable[[Sequence[int]], list[int]]:
    return squares


def deadly(signals: dict[int, int], numbers: Sequence[int]) -> list[int]:
    for number in numbers:
        if number in signals:
            os.kill(os.getpid(), signals[number])
    return squares(numbers)


def made(items: Sequence[int], work: Callable[[Sequence[int]], list[int]], **many: int) -> list:
    return list(spread(items, lambda: work, many.get("processes", 3), many.get("size", 7)))


@pytest.mark.parametrize("count", [0, 1, 7, 8, 100, 1000])
def test_results_come_in_the_order_of_the_items(count: int) -> None:
    expected = squares(range(count))
    assert made(range(count), squares) == expected
    assert made(range(count), squares, processes=1) == expected


def test_items_that_end_a_process_are_named_with_the_signal_and_nothing_else_is_lost() -> None:
    signals = {5: signal.SIGKILL, 6: signal.SIGUSR1, 60: signal.SIGKILL, 199: signal.SIGTERM}
    found = made(range(200), partial(deadly, signals))
    lost = {n: one for n, one in enumerate(found) if isinstance(one, Lost)}
    assert {n: one.exit_code for n, one in lost.items()} == {n: -s for n, s in signals.items()}
    assert str(lost[5]) == "SIGKILL"
    assert [one for one in found if not isinstance(one, Lost)] == [
        n**2 for n in range(200) if n not in signals
    ]


def test_a_process_that_exits_is_named_with_its_exit_code() -> None:
    def exits(numbers: Sequence[int]) -> list[int]:
        if 3 in numbers:
            os._exit(7)
        return squares(numbers)

    (lost,) = [one for one in made(range(50), exits) if isinstance(one, Lost)]
    assert str(lost) == "exit code 7"


def test_what_the_work_raises_is_raised() -> None:
    def fails(numbers: Sequence[int]) -> list[int]:
        raise ValueError(f"no square of {numbers[0]}")

    with pytest.raises(ValueError, match="no square of 0"):
        made(range(50), fails)


def slow(numbers: Sequence[int]) -> list[int]:
    time.sleep(0.002)
    return squares(numbers)


def test_processes_killed_at_random_moments_lose_nothing() -> None:
    """A kill while a process works alone is told of its item, so one may be named each."""
    chance = random.Random(7)
    others = _children()
    for _ in range(20):
        with closing(Processes(lambda: slow, 3)) as pool:
            portions = [pool.submit(range(n, n + 5)) for n in range(0, 60, 5)]
            victim = chance.choice(sorted(_children() - others))
            with _killed(victim, chance.random() / 50):
                found = [one for portion in portions for one in pool.results(portion)]
        lost = [one for one in found if isinstance(one, Lost)]
        assert len(found) == 60
        assert len(lost) <= 1
        assert all(one == n**2 for n, one in enumerate(found) if not isinstance(one, Lost))


@contextmanager
def _killed(process: int, seconds: float) -> Iterator[None]:
    """Have a process killed by another one: a thread would keep this one from forking."""
    with subprocess.Popen(["sh", "-c", f"sleep {seconds}; kill -9 {process} 2>/dev/null"]):
        yield


def _children() -> set[int]:
    tasks = Path("/proc/self/task").iterdir()
    return {int(child) for task in tasks for child in (task / "children").read_text().split()}


def big(size: int, numbers: Sequence[int]) -> list[bytes]:
    return [bytes([number % 256]) * size for number in numbers]


def test_a_process_killed_while_it_gives_back_megabytes_leaves_nobody_waiting() -> None:
    others = _children()
    for delay in range(10):
        with closing(Processes(lambda: partial(big, 4_000_000), 2)) as pool:
            portions = [pool.submit([n]) for n in range(8)]
            with _killed(min(_children() - others), delay / 200):
                found = [one for portion in portions for one in pool.results(portion)]
        assert [one[0] for one in found if not isinstance(one, Lost)] == list(range(8))


def test_items_of_megabytes_fill_no_pipe() -> None:
    def sizes(texts: Sequence[bytes]) -> list[int]:
        return list(map(len, texts))

    items = [b"x" * 3_000_000] * 20
    assert list(spread(items, lambda: sizes, 2, 4)) == [3_000_000] * 20


def test_processes_end_at_once_with_their_pool_whatever_they_are_at() -> None:
    others = _children()
    pool = Processes[int, int](lambda: partial(_sleeping, 60), 2)
    for number in range(6):
        pool.submit([number])
    time.sleep(0.1)
    workers = _children() - others
    began = time.monotonic()
    pool.close()
    assert time.monotonic() - began < 1
    assert len(workers) == 2
    assert not workers & _children()


def _sleeping(seconds: float, numbers: Sequence[int]) -> list[int]:
    time.sleep(seconds)
    return squares(numbers)


OWNER = """
import os, sys, time
from transpile.run.processes import Processes

def sleeping(numbers):
    sys.stdout.write(f"{os.getpid()} ")
    sys.stdout.flush()
    time.sleep(60)

pool = Processes(lambda: sleeping, 3)
for number in range(3):
    pool.submit([number])
time.sleep(60)
"""


def test_processes_end_when_the_one_that_started_them_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", OWNER], stdout=subprocess.PIPE) as owner:
        assert owner.stdout is not None
        told = b""
        while told.count(b" ") < 3:
            told += owner.stdout.read1()
        workers = list(map(int, told.split()))
        owner.kill()
        owner.wait(timeout=5)
    deadline = time.monotonic() + 5
    while any(Path(f"/proc/{worker}").exists() for worker in workers):
        assert time.monotonic() < deadline, "a process goes on without its owner"
        time.sleep(0.01)


@pytest.fixture
def another_thread() -> Iterator[None]:
    end = threading.Event()
    thread = threading.Thread(target=end.wait)
    thread.start()
    yield
    end.set()
    thread.join()


@pytest.mark.usefixtures("another_thread")
def test_nothing_is_forked_beside_another_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fork", lambda: pytest.fail("forked beside a thread"))
    recipe = _recipe()
    assert [type(one) for one in spread([b"", b""], recipe, 2, 1)] == [bytes, bytes]


def _recipe() -> Callable[[], Callable[[Sequence[bytes]], list[bytes]]]:
    # Another process imports what it is sent by name, and can't import this module.
    import zlib  # noqa: PLC0415

    return partial(partial, map, zlib.compress)  # type: ignore[arg-type]


def test_the_folder_goes_with_the_pool() -> None:
    pool = Processes[int, int](squaring, 1)
    folder = pool._folder.path
    assert pool.results(pool.submit([2])) == [4]
    assert not list(folder.iterdir())
    pool.submit([3])
    pool.close()
    assert not folder.exists()


def test_no_more_is_under_way_than_keeps_the_processes_busy() -> None:
    with closing(Processes(squaring, 2)) as pool:
        portions = []
        while pool.has_room:
            portions.append(pool.submit([1]))
        assert len(portions) == 2 * processes._AHEAD
        pool.results(portions[0])
        assert pool.has_room
