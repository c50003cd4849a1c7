"""Key figures: each with its trend, target, definition and the rows behind it, as its contract says."""

from __future__ import annotations

from datetime import date

import streamlit as st

from dashboard.access import queries as access
from dashboard.key_figures import queries
from dashboard.key_figures.contracts import Figure
from dashboard.ui import address, figure_cards, filters, formats, session, team_filters
from dashboard.ui.figure_cards import View
from dashboard.ui.language import _

ACROSS = 3
actor = session.acting()


def month_back(months: int) -> date:
    """Return the first day of the month that lies ``months`` back."""
    today = formats.today()
    years, month = divmod(today.year * 12 + today.month - 1 - months, 12)
    return date(years, month + 1, 1)


def choose_view() -> View:
    """Offer period, site and therapist; a therapist sees their own figures."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        periods = {"12": _("12 months"), "24": _("24 months"), "6": _("6 months")}
        months = filters.choice("key_figures", "months", _("Period"), periods) or "12"
        site_id = None if actor.role == "therapist" else team_filters.site(actor, "key_figures")
        therapist_id = team_filters.therapist(actor, "key_figures", site_id) if actor.role == "manager" else None
    since = month_back(int(months))
    if actor.role == "therapist":
        return View("therapist", None, actor.therapist_id, since)
    if therapist_id is not None:
        return View("therapist", None, therapist_id, since)
    return View("practice" if site_id is None else "site", site_id, None, since)


def show_cards(figures: list[Figure], view: View) -> None:
    """Show every figure in short, in the order of the contracts."""
    st.caption(formats.as_of(access.figures_as_of(actor)))
    found = figure_cards.values_of(actor, figures, view)
    for start in range(0, len(figures), ACROSS):
        for place, figure in zip(st.columns(ACROSS), figures[start : start + ACROSS], strict=False):
            with place:
                figure_cards.card(figure, view, found[figure.name])


view = choose_view()
shown = [figure for figure in queries.figures_for(actor) if view.grain in figure.grains]
wanted = next((figure for figure in shown if figure.name == address.parameter("figure")), None)
if wanted is not None:
    figure_cards.in_full(actor, wanted, view)
elif shown:
    show_cards(shown, view)
else:
    st.info(_("There is no figure for this choice."), icon=":material/inbox:")
