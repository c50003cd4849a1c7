"""The work list of consents to obtain, and how much is covered."""

from __future__ import annotations

from datetime import date
from functools import partial

import pandas as pd
import streamlit as st

from dashboard.access import queries as access
from dashboard.access.actor import Actor
from dashboard.consent import queries, work_list
from dashboard.consent.work_list import MOST_COUNTED, Filter
from dashboard.key_figures.queries import figure_values
from dashboard.ui import exports, filters, formats, team_filters, words
from dashboard.ui.language import _, ngettext
from dashboard.ui.tables import Column, Here, table

PER_PAGE = 25
MOST_ROWS = 10_000
KINDS = ("treatment", "data_protection", "telehealth")  # the kinds that a case can require


def signers(codes: object, names: dict[int, str]) -> str:
    """Return the people behind the codes of ``missing_signers``, in words; empty when nobody is missing."""
    people = []
    for code in codes.split(";") if isinstance(codes, str) else []:
        kind, _colon, guardian = code.partition(":")
        if guardian:
            people.append(names.get(int(guardian), _("A guardian")))
        elif kind:
            people.append(_("The patient") if kind == "patient" else _("A guardian"))
    return ", ".join(people)


def to_obtain(actor: Actor) -> None:
    """List what is missing, the nearest session first; a row opens the consents of its file."""
    wanted = _filters(actor)
    total = work_list.consents_missing_number(actor, wanted)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{_to_obtain_in_words(total)}**", width="content")
        exports.csv_button(actor, partial(_missing_in_words, actor, wanted, MOST_ROWS, 0), "consents", "consents_csv")
    offset = filters.page_number("consents", total, PER_PAGE, MOST_COUNTED)
    table(
        _missing_in_words(actor, wanted, PER_PAGE, offset),
        [
            Column("next_session_at", _("Next session"), "moment"),
            Column("name", _("Patient")),
            Column("kind", _("Consent")),
            Column("status", _("What is the matter"), width=280),
            Column("must_sign", _("Must sign")),
            Column("last_attempt", _("Last attempt")),
            *([] if actor.role == "therapist" else [Column("therapist_name", _("Main therapist"))]),
        ],
        key="consents_list",
        height="content",
        empty=_("Every consent is in place here. Take a filter away to see more."),
        opens=lambda row: Here({"patient": int(row["patient_id"]), "consent": _id(row["consent_id"])}),
    )


def _to_obtain_in_words(total: int) -> str:
    if total > MOST_COUNTED:
        return _("More than {total} consents to obtain").format(total=formats.number(MOST_COUNTED))
    number = ngettext("{total} consent to obtain", "{total} consents to obtain", total)
    return number.format(total=formats.number(total))


def _id(value: float | None) -> int | str:
    return "" if value is None or pd.isna(value) else int(value)


def _filters(actor: Actor) -> Filter:
    kinds, statuses = words.consent_kinds(), words.consent_statuses()
    columns = st.columns(2 if actor.role == "therapist" else 4)
    with columns[0]:
        kind = filters.choice("consents", "kind", _("Consent"), {k: kinds[k] for k in KINDS}, everything=_("All kinds"))
    with columns[1]:
        known = {code: word for code, word in statuses.items() if code != "valid"}
        status = filters.choice("consents", "status", _("What is the matter"), known, everything=_("Anything"))
    if actor.role == "therapist":
        return Filter(kind, status)
    with columns[2]:
        site_id = team_filters.site(actor, "consents")
    with columns[3]:
        return Filter(kind, status, site_id, team_filters.therapist(actor, "consents", site_id))


def _missing_in_words(actor: Actor, wanted: Filter, limit: int, offset: int) -> pd.DataFrame:
    found = work_list.consents_missing(actor, wanted, limit=limit, offset=offset)
    names = queries.signer_names(actor, [int(patient) for patient in found["patient_id"].unique()])
    return found.assign(
        kind=found["kind"].map(words.consent_kinds()),
        status=found["status"].map(words.consent_statuses()),
        must_sign=[signers(codes, names) or "–" for codes in found["missing_signers"]],
        last_attempt=[
            "–" if pd.isna(moment) else f"{formats.day(moment, 'short')} · {words.outcomes()[outcome]}"
            for moment, outcome in zip(found["last_attempt_at"], found["last_outcome"], strict=True)
        ],
    ).drop(columns=["missing_signers", "last_attempt_at", "last_outcome"])


def coverage(actor: Actor) -> None:
    """Show the share of patients whose consents hold, and the sessions that were held without."""
    site_id = None
    if actor.role != "therapist":
        with st.columns(4)[0]:
            site_id = team_filters.site(actor, "consents")
    _shares(actor, site_id)
    st.subheader(_("Held without consent"), anchor=False)
    today = formats.today()
    since = date(today.year - 1, today.month, 1)
    total = queries.sessions_without_consent_number(actor, since, site_id=site_id)
    st.caption(_("Sessions attended since {day} while a consent did not hold.").format(day=formats.day(since)))
    with st.container(horizontal=True, vertical_alignment="center"):
        read = partial(_without_in_words, actor, since, site_id)
        exports.csv_button(actor, partial(read, MOST_ROWS, 0), "sessions-without-consent", "consents_without_csv")
    offset = filters.page_number("consents", total, PER_PAGE)
    table(
        read(PER_PAGE, offset),
        [
            Column("session_on", _("Day"), "day"),
            Column("name", _("Patient")),
            Column("kind", _("Consent")),
            *([] if actor.role == "therapist" else [Column("therapist_name", _("Therapist"))]),
        ],
        key="consents_without",
        height="content",
        empty=_("No session was held without consent."),
        opens=lambda row: Here({"patient": int(row["patient_id"])}),
    )


def _without_in_words(actor: Actor, since: date, site_id: int | None, limit: int, offset: int) -> pd.DataFrame:
    found = queries.sessions_without_consent(actor, since, site_id=site_id, limit=limit, offset=offset)
    return found.assign(kind=found["kind"].map(words.consent_kinds()))


def _shares(actor: Actor, site_id: int | None) -> None:
    """Show the figure as the last refresh computed it, in all and by kind."""
    if actor.role == "therapist":
        found = figure_values(actor, "kpi_consent_coverage", grain="therapist")
    else:
        found = figure_values(actor, "kpi_consent_coverage", grain="site" if site_id else "practice", site_id=site_id)
    labels = words.consent_kinds()
    with st.container(horizontal=True, border=True, gap="medium", key="consents_coverage"):
        for row in found.to_dict("records"):
            with st.container(width=200, gap=None):
                st.caption(labels[row["item"]] if isinstance(row["item"], str) else _("Every consent"))
                st.markdown(f"**{_share(row['value'])}**")
                st.caption(_of_patients(row["numerator"], row["denominator"]))
        if found.empty:
            st.caption(_("No active patients, or not computed yet."))
    meaning = _("Share of active patients whose consents hold.")
    st.caption(f"{formats.as_of(access.figures_as_of(actor))} · {meaning}")


def _share(value: float | None) -> str:
    return "–" if value is None or pd.isna(value) else f"{formats.number(value, 1)} %"


def _of_patients(holding: float | None, patients: float | None) -> str:
    return _("{holding} of {patients}").format(holding=formats.number(holding), patients=formats.number(patients))
