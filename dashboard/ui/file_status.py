"""Where a file stands, and what changes it: care begins, ends, is taken up again; a closed file is put away."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import streamlit as st

from dashboard.access.actor import Actor
from dashboard.patients import commands, episodes
from dashboard.patients.models import DISCHARGE_REASONS
from dashboard.patients.queries import PatientFile
from dashboard.ui import formats, notice, words
from dashboard.ui.errors import told
from dashboard.ui.language import _


def reasons() -> dict[str, str]:
    """Return why care ended, by code."""
    return {
        "completed": _("The goals were reached"),
        "agreed": _("Agreed, before the goals were reached"),
        "dropped_out": _("The patient stopped coming"),
        "referred": _("Referred to somebody else"),
        "died": _("The patient died"),
        "other": _("Another reason"),
    }


def show(actor: Actor, file: PatientFile) -> None:
    """Show the status; opened, it offers what can follow."""
    with st.popover(words.patient_status(file.status), key=f"patient_files_status_{file.id}_{file.version}"):
        match file.status:
            case "waiting":
                _button(_("Care begins"), lambda: _to(actor, file, "active"), _("The file is active."))
                _discharge_form(actor, file)
            case "active":
                _discharge_form(actor, file)
                _button(
                    _("Back to the waiting list"), lambda: _to(actor, file, "waiting"), _("The patient waits again.")
                )
            case "merged":
                _history(actor, file)
            case _:
                _history(actor, file)
                _button(_("Take up care again"), lambda: _reopen(actor, file), _("The file is active again."))
                if file.status == "discharged":
                    _button(_("Put into the archive"), lambda: _archive(actor, file), _("The file is in the archive."))


def _to(actor: Actor, file: PatientFile, status: str) -> None:
    commands.change_file(actor, file.id, file.version, {"status": status})


def _reopen(actor: Actor, file: PatientFile) -> None:
    episodes.reopen(actor, file.id, file.version)


def _archive(actor: Actor, file: PatientFile) -> None:
    episodes.archive(actor, file.id, file.version)


def _button(title: str, act: Callable[[], None], done: str) -> None:
    if st.button(title, width="stretch"):
        with told():
            act()
            notice.done(done)


def _discharge_form(actor: Actor, file: PatientFile) -> None:
    key = f"patient_files_discharge_{file.id}"
    with st.form(key, border=False):
        st.markdown("**" + _("End of care") + "**")
        reason = st.selectbox(_("Reason"), DISCHARGE_REASONS, format_func=reasons().__getitem__, key=f"{key}_reason")
        last = st.date_input(
            _("Last day"), formats.today(), max_value=formats.today(), format="DD/MM/YYYY", key=f"{key}_on"
        )
        st.caption(_("Appointments to come and open invoices stay: look at them in the agenda and in billing."))
        if st.form_submit_button(_("Discharge")) and isinstance(last, date):
            with told():
                episodes.discharge(actor, file.id, file.version, last, reason)
                notice.done(_("The patient was discharged."))


def _history(actor: Actor, file: PatientFile) -> None:
    for episode in episodes.episodes(actor, file.id):
        since = formats.day(episode.opened_on)
        until = formats.day(episode.discharged_on) if episode.discharged_on else "…"
        why = f" · {reasons()[episode.reason]}" if episode.reason else ""
        st.caption(_("{since} to {until}").format(since=since, until=until) + why)
