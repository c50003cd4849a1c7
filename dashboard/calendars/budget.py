"""How long the processor may follow rules: so much for each event, so much for all of a calendar."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SECONDS_OF_EVENT = 0.2
SECONDS_OF_CALENDAR = 1.0


class OverBudgetError(Exception):
    """Following a rule takes longer than it may."""


class Budget:
    """What is left of a calendar's time, in seconds of the processor.

    A rule that never matches is a loop without an end inside a library, so a timer interrupts it. Where there is no
    such timer (Windows), only the limits of the process stop it, and with it the whole calendar.
    """

    def __init__(self) -> None:
        self.left = SECONDS_OF_CALENDAR

    @contextmanager
    def for_event(self) -> Iterator[None]:
        """Interrupt what is done inside with ``OverBudgetError`` after the time of one event, or what is left of it.

        Only in a main thread, which gets the signals.
        """
        if self.left <= 0:
            raise OverBudgetError
        began = time.process_time()
        try:
            with _timer(min(SECONDS_OF_EVENT, self.left)):
                yield
        finally:
            self.left -= time.process_time() - began


@contextmanager
def _timer(seconds: float) -> Iterator[None]:
    if not hasattr(signal, "setitimer"):
        yield
        return
    former = signal.signal(signal.SIGPROF, _interrupt)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, former)


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise OverBudgetError
