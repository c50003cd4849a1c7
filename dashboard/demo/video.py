"""Video calls of the synthetic practice: rooms that nobody can enter, and checklists begun for the next days."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, text

from dashboard.demo.tables import Work
from dashboard.demo.team import FIRST_DESK

BASE = "https://meet.practice.example"
"""Nobody's: names under .example never belong to anybody."""
PROVIDERS = (
    (None, "jitsi", BASE),
    (2, "template", "https://calls.practice.example/join?room={room}"),
    (3, "personal", "https://rooms.practice.example/sala-3"),
)
ROOM_BYTES = 20
BEGUN_DAYS = 8
ASKED = ("place", "emergency", "fallback")
SESSIONS = text("""
select a.id, a.therapist_id, a.starts_at, a.booked_at, p.patient_id, p.position,
    coalesce(f.birth_date + interval '18 years' > a.starts_at, false) as is_minor
from appointment as a
join appointment_patient as p on p.appointment_id = a.id
join patient as f on f.id = p.patient_id
where a.mode = 'online' and a.state in ('booked', 'confirmed') and a.starts_at >= :today
order by a.starts_at, a.id, p.position
""")


def write_video(work: Work, connection: Connection) -> None:
    """Write where calls are held, the links of the online sessions ahead, and the checklists of the next days."""
    ids = work.tables.take("video_provider", len(PROVIDERS)).tolist()
    names = ("id", "therapist_id", "kind", "address")
    work.tables.write_rows(
        "video_provider",
        [dict(zip(names, (row_id, *row), strict=True)) for row_id, row in zip(ids, PROVIDERS, strict=True)],
    )
    asked = {"today": work.window.reference}
    found = list(connection.execute(SESSIONS, asked))
    _write_links(work, [row for row in found if row.position == 1])
    _write_ticks(work, found)


def _write_links(work: Work, sessions: list[Any]) -> None:
    ids = work.tables.take("video_link", len(sessions)).tolist()
    own = {therapist: (kind, address) for therapist, kind, address in PROVIDERS}
    rows = []
    for row_id, row in zip(ids, sessions, strict=True):
        kind, address = own.get(row.therapist_id, own[None])
        room = work.rng.bytes(ROOM_BYTES).hex()
        made = {"jitsi": f"{address}/{room}", "template": address.replace("{room}", room)}.get(kind, address)
        rows.append(
            {
                "id": row_id,
                "appointment_id": row.id,
                "address": made,
                "is_fixed": kind == "personal",
                "made_at": row.booked_at.isoformat(),
            }
        )
    work.tables.write_rows("video_link", rows)


def _write_ticks(work: Work, found: list[Any]) -> None:
    """Tick some items of most sessions of the next days, of every third all: some are ready and some are not."""
    until = work.window.reference + timedelta(days=BEGUN_DAYS)
    rows = []
    for place, row in enumerate(each for each in found if each.starts_at.date() < until):
        items = ["link_given"] if place % 3 != 2 else []
        items += [*ASKED, *(["guardian"] if row.is_minor else [])] if place % 3 == 0 else []
        at = work.window.start_of_today.item() - timedelta(hours=6)
        rows += [
            {
                "appointment_id": row.id,
                "patient_id": row.patient_id,
                "item": item,
                "is_done": True,
                "at": f"{at.isoformat()}Z",
                "by_id": FIRST_DESK,
            }
            for item in items
        ]
    ids = work.tables.take("video_tick", len(rows)).tolist()
    work.tables.write_rows("video_tick", [{"id": row_id, **row} for row_id, row in zip(ids, rows, strict=True)])
