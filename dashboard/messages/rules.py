"""Rules of sending: how long to wait before another attempt, and when to give up. Pure decisions, no database."""

from __future__ import annotations

import random
from datetime import timedelta

MOST_ATTEMPTS = 8
FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=2)


def pause_after(attempts: int, draw: float | None = None) -> timedelta | None:
    """Return how long to wait after ``attempts`` that failed, or nothing when there is to be no other.

    The pause doubles with each attempt. Half of it is random (``draw``, 0 to 1) and keeps apart what failed together.
    """
    if attempts >= MOST_ATTEMPTS:
        return None
    whole: timedelta = min(FIRST_PAUSE * 2 ** (attempts - 1), LONGEST_PAUSE)
    return whole * (0.5 + (random.random() if draw is None else draw) / 2)
