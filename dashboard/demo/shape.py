"""How large the synthetic practice is: from the number of sessions to therapists, patients, sites and rooms."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

DEFAULT_SESSIONS = 24_000
FEWEST, MOST = 2_000, 10_000_000
THERAPISTS_AT_ONCE = 100

# Larger practices of the scale are busier: sessions that a therapist and a patient have in the whole period.
_SIZES = np.log10([FEWEST, DEFAULT_SESSIONS, MOST])
_SESSIONS_PER_THERAPIST = (500.0, 1_715.0, 5_000.0)
_SESSIONS_PER_PATIENT = (20.0, 26.7, 50.0)
_WEEKLY_SHARE = (0.55, 0.7, 0.95)


@dataclass(frozen=True)
class Shape:
    """The sizes of a synthetic practice."""

    sessions: int
    therapists: int
    patients: int
    sites: int
    rooms: int
    weekly_share: float


def shape_of(sessions: int | None) -> Shape:
    """Return the sizes for about ``sessions`` appointments.

    Raises:
        ValueError: fewer or more sessions than the synthetic practice can be made of.
    """
    wanted = DEFAULT_SESSIONS if sessions is None else sessions
    if not FEWEST <= wanted <= MOST:
        raise ValueError(f"The synthetic practice has between {FEWEST:,} and {MOST:,} sessions.")
    size = math.log10(wanted)
    therapists = max(4, round(wanted / float(np.interp(size, _SIZES, _SESSIONS_PER_THERAPIST))))
    return Shape(
        sessions=wanted,
        therapists=therapists,
        patients=round(wanted / float(np.interp(size, _SIZES, _SESSIONS_PER_PATIENT))),
        sites=max(3, therapists // 12),
        rooms=9 if therapists <= 14 else therapists,
        weekly_share=float(np.interp(size, _SIZES, _WEEKLY_SHARE)),
    )
