"""Virtual time: events in their order, processes side by side, nothing that really waits."""

import threading
from collections.abc import Iterator

import pytest

from tests.support.aws.virtual_time import BreachError, Process, VirtualTime, require


@pytest.fixture
def time() -> Iterator[VirtualTime]:
    time = VirtualTime()
    yield time
    time.close()


def test_events_of_one_moment_happen_in_the_order_they_were_put(time: VirtualTime) -> None:
    happened: list[str] = []
    time.after(2, lambda: happened.append("later"))
    time.after(1, lambda: happened.append("first"))
    time.after(1, lambda: happened.append("second"))

    time.run_out()

    assert happened == ["first", "second", "later"]
    assert time.elapsed == 2


def test_processes_run_side_by_side(time: VirtualTime) -> None:
    happened: list[tuple[str, float]] = []

    def body(name: str, seconds: float) -> None:
        def run(process: Process) -> None:
            for _ in range(2):
                process.pause_until(time.now + seconds)
                happened.append((name, time.elapsed))

        time.start(run)

    body("slow", 3)
    body("quick", 2)
    time.run_out()

    assert happened == [("quick", 2), ("slow", 3), ("quick", 4), ("slow", 6)]


def test_what_a_process_raises_surfaces_where_the_agenda_runs(time: VirtualTime) -> None:
    time.start(lambda process: require(process is None, "a breach"))

    with pytest.raises(BreachError, match="a breach"):
        time.run_out()


def test_no_thread_outlives_a_closed_agenda(time: VirtualTime) -> None:
    before = threading.active_count()
    for _ in range(3):
        time.start(lambda process: process.pause_until(time.now + 1000))
    time.run_for(1)

    time.close()

    assert threading.active_count() == before


def test_a_wait_for_what_never_happens_is_a_breach(time: VirtualTime) -> None:
    with pytest.raises(BreachError, match="nothing is left that could happen"):
        time.run_until(lambda: False)


def test_a_process_that_never_ends_is_a_breach(time: VirtualTime) -> None:
    def run(process: Process) -> None:
        while True:
            process.pause_until(time.now)

    time.start(run)
    time.most_events = 1000

    with pytest.raises(BreachError, match="goes on without an end"):
        time.run_out()
