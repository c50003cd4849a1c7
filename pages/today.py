"""Today: what needs doing, in order, each line a link; and who comes next."""

from __future__ import annotations

import streamlit as st

from dashboard.access import queries as access
from dashboard.agenda import queries as agenda
from dashboard.agenda.queries import Slot
from dashboard.ui import day_sheet, formats, session
from dashboard.ui.errors import told
from dashboard.ui.language import _
from dashboard.ui.navigation import page_file
from dashboard.ui.text import plain
from dashboard.ui.today_tasks import tasks

MOST_SHOWN = 12
actor = session.acting()


def to_do() -> None:
    """List what needs doing; each line opens the screen where it is done."""
    found = tasks(actor)
    if not found:
        st.success(_("Nothing is waiting for you."), icon=":material/check:")
    for task in found:
        st.page_link(
            page_file(task.page),
            label=f"**{formats.number(task.count)}** {task.words}",
            icon=task.icon,
            query_params=task.ids,
        )


def show_session(slot: Slot, sheet: day_sheet.Sheet) -> None:
    """Show who comes when, as a link, beside it (below, on a telephone) to what and where, then what to prepare."""
    people = ", ".join(plain(patient.name) for patient in slot.patients)
    where = slot.room_name or _("By video or telephone")
    facts = [slot.service_name, where, None if actor.role == "therapist" else slot.therapist_name]
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.page_link(
            page_file("agenda"),
            label=f"**{formats.hour(slot.starts_at)}** · {people}",
            query_params={"appointment": str(slot.id)},
        )
        st.caption(" · ".join(fact for fact in facts if fact), width="content")
    day_sheet.show(slot, sheet)


def next_sessions() -> None:
    """List today's sessions that are still to come."""
    st.subheader(_("Still to come today"), anchor=False)
    slots = agenda.next_appointments(actor, formats.today(), formats.practice().time_zone, limit=MOST_SHOWN + 1)
    shown = slots[:MOST_SHOWN]
    sheet = day_sheet.sheet(actor, shown)
    for slot in shown:
        show_session(slot, sheet)
    if not slots:
        st.caption(_("No more sessions today."))
    elif len(slots) > MOST_SHOWN:
        st.page_link(page_file("agenda"), label=_("See the whole day"), icon=":material/calendar_month:")


st.caption(formats.day(formats.today(), "full"))
if actor.role == "auditor":
    st.page_link(page_file("key_figures"), label=_("Key figures"), icon=":material/monitoring:")
else:
    # One after the other: who comes today is known also while the figures are not built.
    for part in (to_do, next_sessions):
        with told():
            part()
st.caption(
    _("Figures: {figures}. Checks of patient files: {checks}.").format(
        figures=formats.moment(access.figures_as_of(actor)), checks=formats.moment(access.checks_as_of(actor))
    )
)
