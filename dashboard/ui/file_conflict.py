"""Two people changed one file: what each of them wrote side by side, to choose from and save again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import streamlit as st

from dashboard.access.actor import Actor, ChangedSinceError
from dashboard.patients import commands, history, queries
from dashboard.patients.queries import PatientFile
from dashboard.ui import file_form, formats
from dashboard.ui.errors import told
from dashboard.ui.language import _
from dashboard.ui.text import plain

KEY = "files_conflict"


@dataclass(frozen=True)
class Conflict:
    """What a person wrote over a file as they had read it, while somebody else saved it."""

    shown: PatientFile
    mine: dict[str, Any]


def save(actor: Actor, shown: PatientFile, held: Mapping[str, Any]) -> bool:
    """Save what was changed of a file; when it is refused say why, and after a colleague's change show both."""
    mine = file_form.changed(asdict(shown), held)
    with told():
        try:
            commands.change_file(actor, shown.id, shown.version, mine)
        except ChangedSinceError:
            st.session_state[KEY] = Conflict(shown, mine)
            st.rerun()
        return True
    return False


def is_open(patient_id: int) -> bool:
    """Return whether a conflict over this file waits to be settled."""
    found = st.session_state.get(KEY)
    return isinstance(found, Conflict) and found.shown.id == patient_id


def settle(actor: Actor, patient_id: int) -> bool:
    """Show what both wrote; return whether the person's choice was saved just now."""
    conflict: Conflict = st.session_state[KEY]
    now = queries.patient_file(actor, patient_id)
    with st.container(border=True):
        _say_who(actor, now)
        with st.form(f"{KEY}_{patient_id}_{now.version}", border=False):
            chosen = _choose(actor, conflict, asdict(now))
            with st.container(horizontal=True):
                is_to_save = st.form_submit_button(_("Save again"), type="primary")
                is_to_drop = st.form_submit_button(_("Drop what I wrote"))
    if is_to_drop:
        del st.session_state[KEY]
        st.rerun()
    if not is_to_save:
        return False
    if None in chosen.values():
        st.error(_("Choose for each field first."), icon=":material/error:")
        return False
    mine = {name: value for name, value in conflict.mine.items() if chosen.get(name, "mine") == "mine"}
    with told():
        commands.change_file(actor, patient_id, now.version, mine)
        del st.session_state[KEY]
        return True
    return False


def _say_who(actor: Actor, now: PatientFile) -> None:
    last = history.last_change(actor, now.id)
    who, when = (last.person, last.at) if last else (None, now.updated_at)
    st.warning(
        _("Changed by {person} on {moment}, since you opened it. Nothing of yours was saved yet.").format(
            person=plain(who or _("somebody else")), moment=formats.moment(when)
        ),
        icon=":material/sync_problem:",
    )


def _choose(actor: Actor, conflict: Conflict, now: dict[str, Any]) -> dict[str, str | None]:
    """Draw the fields that either wrote; return the choice for each that both did."""
    before, chosen = asdict(conflict.shown), {}
    for group in file_form.GROUPS.values():
        for name in group:
            is_theirs, is_mine = now[name] != before[name], name in conflict.mine
            theirs = file_form.in_words(actor, name, now[name])
            mine = file_form.in_words(actor, name, conflict.mine.get(name))
            if is_theirs and is_mine and theirs != mine:
                options = {
                    "theirs": plain(_("Theirs: {value}").format(value=theirs)),
                    "mine": plain(_("Mine: {value}").format(value=mine)),
                }
                chosen[name] = st.radio(
                    file_form.label(name),
                    list(options),
                    index=None,
                    format_func=options.__getitem__,
                    horizontal=True,
                    key=f"{KEY}_{now['id']}_{now['version']}_{name}",
                )
            elif is_theirs:
                st.caption(f"{file_form.label(name)} · " + _("Theirs: {value}").format(value=plain(theirs)))
            elif is_mine:
                st.caption(f"{file_form.label(name)} · " + _("Mine: {value}").format(value=plain(mine)))
    return chosen
