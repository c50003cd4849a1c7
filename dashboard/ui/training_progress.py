"""How far therapists are in their training, and which hours count."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard.access.actor import Actor
from dashboard.training import queries
from dashboard.training.queries import Count, Entry, Progress
from dashboard.ui import exports, formats
from dashboard.ui.language import _, ngettext
from dashboard.ui.tables import Column, Here, table
from dashboard.ui.text import plain
from dashboard.ui.training_words import entry_statuses, kinds, reasons, topics


def now_line() -> None:
    """Say how fresh the hours are."""
    st.caption(_("Hours are of now. Logged hours are all that were not rejected; only approved ones can count."))


def everybody(actor: Actor) -> None:
    """Show the progress of all therapists, one row a requirement."""
    rows = [
        {
            "therapist_id": one.therapist_id,
            "therapist": one.therapist_name,
            "requirement": one.requirement_name,
            "pace": _pace(one),
            "counting": one.counting_hours,
            "expected": one.expected_hours,
            "required": one.required_hours,
            "logged": one.logged_hours,
            "ends": one.cycle_ends_on,
        }
        for one in queries.progress(actor)
    ]
    frame = pd.DataFrame(rows)
    table(
        frame,
        [
            Column("therapist", _("Therapist")),
            Column("requirement", _("Requirement"), width="medium"),
            Column("pace", _("Pace")),
            Column("counting", _("Counting"), "hours", help=_("Hours that count towards the requirement")),
            Column("expected", _("Expected by now"), "hours"),
            Column("required", _("Required"), "hours"),
            Column("logged", _("Logged"), "hours"),
            Column("ends", _("Cycle ends"), "day"),
        ],
        key="training_everybody",
        empty=_("No therapist is under a training requirement yet."),
        opens=lambda row: Here({"therapist": int(row["therapist_id"])}),
    )
    if rows:
        exports.csv_button(actor, frame.drop(columns="therapist_id"), "training", "training_everybody_csv")


def of_therapist(actor: Actor, therapist_id: int) -> None:
    """Show a therapist's progress in each requirement."""
    found = queries.progress(actor, therapist_id)
    if not found:
        st.info(_("No training requirement applies. Hours can be logged all the same."), icon=":material/inbox:")
    for one in found:
        _card(one)


def _card(one: Progress) -> None:
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f"**{plain(one.requirement_name)}** · {plain(one.body)}")
            st.badge(_pace(one), color="green" if one.is_on_pace else "orange")
        share = float(one.counting_hours / one.required_hours) if one.required_hours else 1.0
        words = _("{counting} of {required} hours count").format(
            counting=formats.number(one.counting_hours, 2), required=formats.number(one.required_hours, 2)
        )
        st.progress(min(max(share, 0.0), 1.0), text=words)
        facts = {
            _("Logged"): _hours(one.logged_hours),
            _("Expected by now"): _hours(one.expected_hours),
            _("Remaining"): _hours(one.remaining_hours),
            _("Cycle ends"): formats.day(one.cycle_ends_on),
            _("Days left"): formats.number(one.days_left),
        }
        with st.container(horizontal=True, gap="small"):
            for label, value in facts.items():
                with st.container(width=130, gap=None):
                    st.caption(label)
                    st.markdown(f"**{value}**")
        if one.missing:
            missing = ", ".join(topics().get(code, code) for code in one.missing)
            st.caption(_("Below the minimum in: {topics}.").format(topics=missing))


def _hours(value: object) -> str:
    return f"{formats.number(value, 1)} h"  # type: ignore[arg-type]


def _pace(one: Progress) -> str:
    if one.remaining_hours == 0 and not one.missing:
        return _("Complete")
    return _("On pace") if one.is_on_pace else _("Behind")


def _entry_row(entry: Entry, count: Count | None) -> dict[str, object]:
    row = {
        "ended": entry.ended_on,
        "title": entry.title,
        "kind": kinds()[entry.kind],
        "topic": topics()[entry.topic],
        "hours": entry.hours,
        "certificate": _("Yes") if entry.has_certificate else _("No"),
    }
    if count is None:  # no requirement applies
        return {**row, "counting": None, "reason": entry_statuses()[entry.status], "requirement": None}
    words = reasons().get(count.reason, count.reason)
    return {**row, "counting": count.counting_hours, "reason": words, "requirement": count.requirement_name}


def entries(actor: Actor, therapist_id: int) -> None:
    """Show what was logged, and what of it counts towards which requirement and why."""
    found = {entry.id: entry for entry in queries.entries(actor, therapist_id)}
    counted = queries.counts(actor, therapist_id)
    by_entry: dict[int, list[Count | None]] = {}
    for count in counted:
        by_entry.setdefault(count.entry_id, []).append(count)
    rows = [_entry_row(entry, count) for entry in found.values() for count in by_entry.get(entry.id, [None])]
    frame = pd.DataFrame(rows)
    with st.container(horizontal=True, vertical_alignment="center"):
        words = ngettext("{number} entry", "{number} entries", len(found))
        st.markdown(f"**{words.format(number=formats.number(len(found)))}**")
        exports.csv_button(actor, frame, "training_entries", "training_entries_csv")
    has_several = len({count.requirement_code for count in counted}) > 1
    table(
        frame,
        [
            Column("ended", _("Ended"), "day"),
            Column("title", _("Title")),
            Column("kind", _("Kind")),
            Column("topic", _("Topic")),
            Column("hours", _("Logged"), "hours"),
            Column("counting", _("Counting"), "hours"),
            Column("reason", _("Why")),
            *([Column("requirement", _("Requirement"), width="medium")] if has_several else []),
            Column("certificate", _("Certificate")),
        ],
        key="training_entries",
        empty=_("Nothing is logged yet. Log the last course with its certificate."),
    )
