"""The days when a site is closed, below the agenda: the office adds public holidays and days of its own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping
from datetime import date
from typing import Any

import streamlit as st

from dashboard.access.actor import OFFICE, Actor
from dashboard.team import closures
from dashboard.team import queries as team
from dashboard.ui import formats, notice
from dashboard.ui.errors import told
from dashboard.ui.language import _, ngettext
from dashboard.ui.text import plain

KEY = "agenda_closures"
MOST_SHOWN = 30


def show(actor: Actor) -> None:
    """Show the closed days ahead; a therapist reads them."""
    with st.expander(_("Closed days"), icon=":material/event_busy:", key=KEY):
        ahead = closures.closures(actor, formats.today())
        if ahead.empty:
            st.caption(_("No closed day is ahead. Appointments can be booked on public holidays too."))
        for row in ahead.head(MOST_SHOWN).to_dict("records"):
            _day(actor, row)
        if actor.role in OFFICE:
            _add(actor)


def warn(actor: Actor, first: date, end: date, site_id: int | None) -> None:
    """Say which of the days ``[first, end)`` that are shown are closed, at the site chosen or any; each cause once."""
    sites: dict[tuple[date, str], list[str]] = defaultdict(list)
    for row in closures.closures(actor, first, end).to_dict("records"):
        if site_id in (None, row["site_id"]):
            sites[row["closed_on"], row["name"]].append(row["site_name"])
    words = _("Closed on {day}: {name} ({site}).")
    for (day, name), where in sites.items():
        closed = words.format(day=formats.day(day), name=plain(name), site=plain(", ".join(where)))
        st.caption(":material/event_busy: " + closed)


def _day(actor: Actor, row: Mapping[Hashable, Any]) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        day = formats.day(row["closed_on"])
        st.markdown(f"**{day}** · {plain(row['name'])} · {plain(row['site_name'])}", width="content")
        key = f"{KEY}_open_{row['closure_id']}"
        if actor.role in OFFICE and st.button(_("Open again"), key=key, type="tertiary"):
            with told():
                closures.open_day(actor, int(row["closure_id"]))
                notice.done(_("The day is open again."))


def _add(actor: Actor) -> None:
    """Ask for a day, or for the public holidays of a year."""
    sites = {each.id: each.name for each in team.sites(actor)}
    if not sites:
        return
    with st.form(f"{KEY}_new", border=False):
        left, middle, right = st.columns(3)
        site = left.selectbox(_("Site"), list(sites), format_func=sites.__getitem__, key=f"{KEY}_site")
        day = middle.date_input(_("Day"), formats.today(), format="DD/MM/YYYY", key=f"{KEY}_day")
        name = right.text_input(_("Why"), max_chars=closures.LONGEST_NAME, key=f"{KEY}_name")
        with st.container(horizontal=True):
            is_day = st.form_submit_button(_("Close on this day"))
            is_year = st.form_submit_button(_("Close on the public holidays of {year}").format(year=day.year))
    with told():
        if is_day:
            closures.close_day(actor, site, day, name)
            notice.done(_("The site is closed on {day}.").format(day=formats.day(day)))
        if is_year:
            language = formats.practice().locale[:2]
            number = closures.close_public_holidays(actor, site, day.year, language)
            words = ngettext("{number} day was added.", "{number} days were added.", number)
            notice.done(words.format(number=formats.number(number)))
