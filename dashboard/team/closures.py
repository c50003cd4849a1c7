"""Days when a site is closed: public holidays of where it is, and days of its own."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import holidays
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from dashboard.access.actor import OFFICE, Actor, NotFoundError, Role, RuleBrokenError, transaction
from dashboard.access.frames import frame
from dashboard.team.models import Site, SiteClosure

if TYPE_CHECKING:
    import pandas as pd

READERS: tuple[Role, ...] = (*OFFICE, "therapist")
LONGEST_NAME = 120


def closures(actor: Actor, since: date, before: date = date.max) -> pd.DataFrame:
    """Return the closed days in ``[since, before)``. Columns: closure_id, site_id, site_name, closed_on, name."""
    found = (
        select(
            SiteClosure.id.label("closure_id"),
            SiteClosure.site_id,
            Site.name.label("site_name"),
            SiteClosure.closed_on,
            SiteClosure.name,
        )
        .join(Site, Site.id == SiteClosure.site_id)
        .where(SiteClosure.closed_on >= since, SiteClosure.closed_on < before)
        .order_by(SiteClosure.closed_on, Site.name)
    )
    return frame(actor, found, *READERS)


def close_day(actor: Actor, site_id: int, day: date, name: str) -> None:
    """Close a site on a day; what is booked then stays, and is shown.

    Raises:
        RuleBrokenError: it has no name.
    """
    if not name.strip():
        raise RuleBrokenError("Say why the site is closed.")
    _write(actor, site_id, {day: name.strip()[:LONGEST_NAME]})


def open_day(actor: Actor, closure_id: int) -> None:
    """Take a closed day back.

    Raises:
        NotFoundError: no such day.
    """
    with transaction(actor, *OFFICE) as session:
        gone = session.execute(delete(SiteClosure).where(SiteClosure.id == closure_id).returning(SiteClosure.id))
        if gone.scalar() is None:
            raise NotFoundError("No such day.")


def close_public_holidays(actor: Actor, site_id: int, year: int, language: str) -> int:
    """Close a site on the public holidays of its country and region and return how many days that adds.

    Local feasts are not known to the calendar: they are closed by hand.
    """
    with transaction(actor, *OFFICE, read_only=True) as session:
        place = session.execute(select(Site.country, Site.region).where(Site.id == site_id)).one_or_none()
    if place is None:
        raise NotFoundError("No such site.")
    return _write(actor, site_id, public_holidays(place.country, place.region, year, language))


def public_holidays(country: str, region: str | None, year: int, language: str) -> dict[date, str]:
    """Return the public holidays of a year, with those of the region when the calendar knows it by code or name.

    Raises:
        RuleBrokenError: the calendar does not know the country.
    """
    try:
        national = holidays.country_holidays(country, years=year, language=language)
    except NotImplementedError:
        raise RuleBrokenError("The public holidays of this country are not known.") from None
    known = {**{code: code for code in national.subdivisions}, **getattr(national, "subdivisions_aliases", {})}
    part = known.get(region or "")
    found = holidays.country_holidays(country, subdiv=part, years=year, language=language) if part else national
    return {day: name[:LONGEST_NAME] for day, name in found.items()}


def _write(actor: Actor, site_id: int, days: dict[date, str]) -> int:
    rows = [{"site_id": site_id, "closed_on": day, "name": name} for day, name in days.items()]
    with transaction(actor, *OFFICE) as session:
        added = session.execute(insert(SiteClosure).values(rows).on_conflict_do_nothing().returning(SiteClosure.id))
        return len(added.all())
