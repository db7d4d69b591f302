"""Virtual time: an agenda of events, and processes that pause on it.

Knows only time. A process is a thread that runs while nobody else does: the agenda resumes it, and
it gives control back whenever it pauses, so that many executions run at once, in an order that
depends on nothing but the agenda. No real clock is read and nothing really waits.
"""

import heapq
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

START: Final = 1_800_000_000.0
FOREVER: Final = float("inf")


class BreachError(BaseException):
    """The provider broke a protocol; a BaseException, so that no guard of it can hide that."""


class EndOfProcessError(BaseException):
    """A process was ended from outside, as Lambda ends an execution whose time is up."""


def require(condition: object, breach: str) -> None:
    """Raise the breach unless the condition holds."""
    if not condition:
        raise BreachError(breach)


@dataclass(slots=True)
class VirtualTime:
    """The clock and the agenda; `now` is in seconds since the epoch."""

    now: float = START
    most_events: int = 200_000  # of one life; more means that it never ends
    _agenda: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    _put: int = 0
    _processes: list["Process"] = field(default_factory=list)
    _steps: int = 0

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return self.now - START

    def at(self, when: float, event: Callable[[], None]) -> None:
        """Put an event on the agenda; events of one moment happen in the order they were put."""
        self._put += 1
        heapq.heappush(self._agenda, (max(when, self.now), self._put, event))

    def after(self, seconds: float, event: Callable[[], None]) -> None:
        """Put an event on the agenda, so many seconds from now."""
        self.at(self.now + seconds, event)

    def start(self, body: Callable[["Process"], None]) -> "Process":
        """Start a process now; it runs as soon as control is back at the agenda."""
        process = Process(self, body)
        self._processes = [process, *(each for each in self._processes if not each.ended)]
        self.after(0, process.resume)
        return process

    def run_until(self, condition: Callable[[], bool], *, limit: float = 10 * 86_400) -> None:
        """Let events happen until the condition holds; without any event left, it never will."""
        last = self.now + limit
        while not condition():
            require(self._agenda, "nothing is left that could happen")
            self._steps += 1
            require(self._steps < self.most_events, "the provider goes on without an end")
            when, _, event = heapq.heappop(self._agenda)
            require(when <= last, f"nothing has ended within {limit:.0f} s")
            self.now = when
            event()

    def run_for(self, seconds: float) -> None:
        """Let all happen that happens in the next seconds."""
        reached: list[bool] = []
        self.after(seconds, lambda: reached.append(True))
        self.run_until(lambda: bool(reached), limit=seconds)

    def run_out(self) -> None:
        """Let everything happen that is still on the agenda."""
        self.run_until(lambda: not self._agenda)

    def close(self) -> None:
        """End every process that still pauses, so that no thread outlives a test."""
        for process in self._processes:
            process.end()


class Process:
    """A body that pauses in virtual time; what it raises surfaces where the agenda runs."""

    def __init__(self, time: VirtualTime, body: Callable[["Process"], None]) -> None:
        self.time = time
        self.ended = False
        self._ending = False
        self._error: BaseException | None = None
        self._body = body
        self._go = threading.Semaphore(0)
        self._back = threading.Semaphore(0)
        self._thread = threading.Thread(target=self._run, daemon=True)

    def pause_until(self, when: float) -> None:
        """Pause until a moment; only the body calls this."""
        require(when >= self.time.now, f"a pause that ends {self.time.now - when} s ago")
        self.time.at(when, self.resume)
        self._back.release()
        self._go.acquire()
        if self._ending:
            raise EndOfProcessError

    def resume(self) -> None:
        """Let the body run until it pauses or ends."""
        if self.ended:
            return
        if self._thread.ident is None:
            self._thread.start()
        else:
            self._go.release()
        self._back.acquire()
        if self._error is not None:
            error, self._error = self._error, None
            raise error

    def end(self) -> None:
        """End the body where it pauses."""
        if self.ended or self._thread.ident is None:
            self.ended = True
            return
        self._ending = True
        self.resume()
        self._thread.join()

    def _run(self) -> None:
        try:
            self._body(self)
        except EndOfProcessError:
            pass
        except BaseException as error:  # noqa: BLE001 (it is raised again where the agenda runs)
            self._error = error
        self.ended = True
        self._back.release()
