"""The fields of a patient file, drawn the same wherever a file is opened, edited or completed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any

import streamlit as st

from dashboard.access.actor import Actor
from dashboard.patients.queries import PatientFile
from dashboard.team import queries as team
from dashboard.ui import formats, words
from dashboard.ui.language import LANGUAGES, _

BIRTH_YEARS_BACK = 120

GROUPS: dict[str, tuple[str, ...]] = {
    "person": ("given_name", "surname_1", "surname_2", "birth_date", "sex", "gender", "marital_status", "profession"),
    "contact": ("telephone", "email", "address_line", "postal_code", "city", "country", "preferred_language"),
    "identity": ("id_kind", "id_value"),
    "emergency": ("emergency_name", "emergency_relation", "emergency_telephone"),
    "care": ("main_therapist_id", "site_id", "referral_source", "pays"),
}
# What repairs a finding: the code that a rule carries, and the fields to offer.
REPAIRS: dict[str, tuple[str, ...]] = {
    "address": ("address_line", "postal_code", "city", "country"),
    "identity": GROUPS["identity"],
    "emergency": GROUPS["emergency"],
    "therapist": ("main_therapist_id",),
    "site": ("site_id",),
    **{
        name: (name,)
        for name in (
            "surname_1",
            "birth_date",
            "sex",
            "profession",
            "marital_status",
            "telephone",
            "email",
            "referral_source",
        )
    },
}


def group_title(group: str) -> str:
    """Return the heading of a group of fields."""
    return {
        "person": _("Person"),
        "contact": _("Contact"),
        "identity": _("Identification"),
        "emergency": _("In an emergency"),
        "care": _("Care"),
    }[group]


def label(name: str) -> str:
    """Return the words of a field."""
    return {
        "given_name": _("Given name"),
        "surname_1": _("First surname"),
        "surname_2": _("Second surname"),
        "birth_date": _("Birth date"),
        "sex": _("Sex"),
        "gender": _("Gender"),
        "marital_status": _("Marital status"),
        "profession": _("Profession"),
        "telephone": _("Telephone"),
        "email": _("E-mail"),
        "address_line": _("Address"),
        "postal_code": _("Postal code"),
        "city": _("City"),
        "country": _("Country (two letters)"),
        "preferred_language": _("Language for letters"),
        "id_kind": _("Kind of document"),
        "id_value": _("Number of the document"),
        "emergency_name": _("Name of the contact"),
        "emergency_relation": _("Relation"),
        "emergency_telephone": _("Telephone of the contact"),
        "main_therapist_id": _("Main therapist"),
        "site_id": _("Site"),
        "referral_source": _("Referred by"),
        "pays": _("Who pays"),
    }[name]


def _choices(actor: Actor, name: str) -> Mapping[Any, str] | None:
    """Return the choices of a field, or nothing for a field that is typed."""
    drawn: dict[str, Callable[[], Mapping[Any, str]]] = {
        "sex": words.sexes,
        "marital_status": words.marital_statuses,
        "id_kind": lambda: {None: "–", **words.identification_kinds()},
        "preferred_language": lambda: LANGUAGES,
        "pays": words.payers,
        "main_therapist_id": lambda: {None: "–", **{row.id: row.name for row in team.therapists(actor)}},
        "site_id": lambda: {None: "–", **{row.id: row.name for row in team.sites(actor)}},
    }
    return drawn[name]() if name in drawn else None


def in_words(actor: Actor, name: str, value: Any) -> str:
    """Return what a field holds as a person reads it."""
    choices = _choices(actor, name)
    if value is None or value == "":
        return "–"
    if choices is not None:
        return choices.get(value, "…")
    return formats.day(value) if isinstance(value, date) else str(value)


def field(actor: Actor, name: str, value: Any, key: str) -> Any:
    """Draw one field that holds ``value`` and return what it holds now."""
    choices = _choices(actor, name)
    if choices is not None:
        codes = list(choices)
        # A therapist who left, or a site closed since, stays chosen until somebody picks another.
        if value not in choices:
            codes.append(value)
        return st.selectbox(
            label(name), codes, index=codes.index(value), format_func=lambda code: choices.get(code, "…"), key=key
        )
    if name == "birth_date":
        today = formats.today()
        oldest = date(today.year - BIRTH_YEARS_BACK, 1, 1)
        return st.date_input(label(name), value, min_value=oldest, max_value=today, format="DD/MM/YYYY", key=key)
    return st.text_input(label(name), value or "", max_chars=300 if name == "address_line" else 120, key=key)


def fields(actor: Actor, names: Iterable[str], values: Mapping[str, Any], key: str, columns: int = 2) -> dict[str, Any]:
    """Draw ``names`` in ``columns`` and return what they hold now, by name."""
    held: dict[str, Any] = {}
    wanted = list(names)
    # Columns of their own for each line: a narrow screen stacks them, and the fields keep their order.
    for first in range(0, len(wanted), columns):
        for place, name in zip(st.columns(columns), wanted[first : first + columns], strict=False):
            with place:
                held[name] = field(actor, name, values.get(name), f"{key}_{name}")
    return held


def as_shown(file: PatientFile, form: str) -> PatientFile:
    """Return the file as ``form`` showed it: what is saved is compared with what the person read, not with what is now.

    Args:
        file: The file as it is now.
        form: State key of the form; its button's is this with ``_save``.
    """
    state = f"{form}_shown"
    if not st.session_state.get(f"{form}_save") or state not in st.session_state:
        st.session_state[state] = file
    shown = st.session_state[state]
    return shown if isinstance(shown, PatientFile) else file


def changed(values: Mapping[str, Any], held: Mapping[str, Any]) -> dict[str, Any]:
    """Return only what was changed; an empty field and nothing are the same."""
    return {name: value for name, value in held.items() if (value or None) != (values.get(name) or None)}
