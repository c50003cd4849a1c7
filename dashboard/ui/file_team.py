"""The care team of a file: who may open its clinical history, until when, and since whose decision."""

from __future__ import annotations

from datetime import date, timedelta

import streamlit as st

from dashboard.access.actor import Actor
from dashboard.patients import care_team
from dashboard.patients.care_team import EMERGENCY, KINDS, Kind, Member
from dashboard.patients.queries import PatientFile
from dashboard.team import queries as team
from dashboard.ui import formats, notice
from dashboard.ui.errors import told
from dashboard.ui.language import _
from dashboard.ui.text import plain

KEEPS_DAYS = 30


def kinds() -> dict[str, str]:
    """Return the parts somebody has in a care team, by code."""
    return {
        "co_therapist": _("Co-therapist"),
        "supervisor": _("Supervisor"),
        "substitute": _("Substitute"),
        EMERGENCY: _("Opened in an emergency"),
    }


def show(actor: Actor, file: PatientFile) -> None:
    """Show who cares for the file; the manager adds to it, ends it and hands the file over."""
    names = {each.id: each.name for each in team.therapists(actor)}
    main = names.get(file.main_therapist_id or 0)
    st.markdown(_("Main therapist: {name}").format(name=f"**{plain(main or _('nobody yet'))}**"))
    found = care_team.members(actor, file.id)
    for member in found:
        _line(actor, member)
    if not found:
        st.caption(_("Nobody else has this file."))
    if actor.role == "manager":
        others = {key: name for key, name in names.items() if key != file.main_therapist_id}
        with st.expander(_("Add to the care team"), icon=":material/group_add:"):
            _add_form(actor, file.id, others)
        with st.expander(_("Hand the file over"), icon=":material/swap_horiz:"):
            _hand_over_form(actor, file, others)


def _line(actor: Actor, member: Member) -> None:
    is_over = member.is_over(formats.today())
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(_told(member), width="stretch")
        if is_over:
            st.badge(_("Over"), color="gray")
        elif member.kind == EMERGENCY:
            st.badge(_("Emergency"), color="orange")
        if actor.role == "manager" and not is_over and st.button(_("End"), key=f"patient_files_team_end_{member.id}"):
            with told():
                care_team.end(actor, member.id)
                notice.done(_("The file is closed to them from now on."))


def _told(member: Member) -> str:
    facts = [kinds()[member.kind], _period(member)]
    if member.added_by:
        facts.append(_("noted by {person}").format(person=plain(member.added_by)))
    lines = [f"**{plain(member.name)}**", f":small[{' · '.join(facts)}]"]
    if member.reason:
        lines.append(f":small[{plain(member.reason)}]")
    return "  \n".join(lines)


def _period(member: Member) -> str:
    since = formats.day(member.valid_from)
    if member.valid_until is None:
        return _("since {day}").format(day=since)
    last = max(member.valid_from, member.valid_until - timedelta(days=1))
    return _("{since} to {until}").format(since=since, until=formats.day(last))


def _add_form(actor: Actor, patient_id: int, names: dict[int, str]) -> None:
    key = f"patient_files_team_{patient_id}"
    with st.form(key, border=False):
        left, middle, right = st.columns(3)
        therapist = left.selectbox(_("Therapist"), list(names), format_func=names.__getitem__, key=f"{key}_who")
        kind: Kind = middle.selectbox(_("Part"), KINDS, format_func=kinds().__getitem__, key=f"{key}_kind")
        last = right.date_input(_("Last day"), None, format="DD/MM/YYYY", key=f"{key}_last", min_value=formats.today())
        if st.form_submit_button(_("Add"), type="primary") and therapist is not None:
            with told():
                until = last + timedelta(days=1) if isinstance(last, date) else None
                care_team.add(actor, patient_id, therapist, kind, formats.today(), until)
                notice.done(_("Added: the file is open to them."))


def _hand_over_form(actor: Actor, file: PatientFile, names: dict[int, str]) -> None:
    key = f"patient_files_hand_over_{file.id}"
    with st.form(key, border=False):
        therapist = st.selectbox(_("New main therapist"), list(names), format_func=names.__getitem__, key=f"{key}_who")
        keeps = st.checkbox(
            _("The present one can open the file for {days} more days").format(days=KEEPS_DAYS),
            True,
            key=f"{key}_keeps",
        )
        st.caption(_("Appointments stay with whom they are booked: move them in the agenda."))
        if st.form_submit_button(_("Hand over"), type="primary") and therapist is not None:
            with told():
                until = formats.today() + timedelta(days=KEEPS_DAYS) if keeps else None
                care_team.hand_over(actor, file.id, file.version, therapist, until)
                notice.done(_("The file was handed over."))
