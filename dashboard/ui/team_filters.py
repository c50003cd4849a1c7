"""Filters by site, room and therapist, the same on every screen that has them."""

from __future__ import annotations

from dashboard.access.actor import Actor
from dashboard.team import queries as team
from dashboard.ui import filters
from dashboard.ui.language import _


def site(actor: Actor, page: str) -> int | None:
    """Offer the sites; with a single one there is nothing to choose."""
    names = {row.id: row.name for row in team.sites(actor)}
    return filters.choice(page, "site", _("Site"), names, everything=_("All sites")) if len(names) > 1 else None


def therapist(actor: Actor, page: str, site_id: int | None = None) -> int | None:
    """Offer the therapists; a therapist sees their own rows anyway and has nothing to choose."""
    if actor.role == "therapist":
        return None
    names = {row.id: row.name for row in team.therapists(actor, site_id)}
    return filters.choice(page, "therapist", _("Therapist"), names, everything=_("All therapists"))
