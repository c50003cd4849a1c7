"""A series in the form of a new appointment: how it repeats, each date that is taken, and what is done about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import streamlit as st

from dashboard.access.actor import Actor
from dashboard.agenda import free_hours, series
from dashboard.agenda.free_hours import Obstacle, Wish
from dashboard.agenda.repeating import FREQUENCIES, MOST, Repetition
from dashboard.agenda.series import Occurrence, Remedy
from dashboard.ui import agenda_obstacles, formats
from dashboard.ui.language import _, ngettext

KEY = "agenda_new"
ONCE = "once"
USUAL_NUMBER = 12
A_DAY = timedelta(days=1)
MOST_SHOWN = 40
MOST_HOURS = 8


def repetition(wish: Wish) -> Repetition | None:
    """Ask whether and how the appointment repeats."""
    words = {
        ONCE: _("Does not repeat"),
        "weekly": _("Every week"),
        "fortnightly": _("Every two weeks"),
        "monthly": _("Every month, same weekday"),
    }
    left, middle, right = st.columns(3)
    chosen = left.selectbox(_("Repeats"), [ONCE, *FREQUENCIES], format_func=words.__getitem__, key=f"{KEY}_repeats")
    if chosen == ONCE:
        return None
    ends = {"count": _("After a number of dates"), "until": _("On a day")}
    how = middle.selectbox(_("Ends"), list(ends), format_func=ends.__getitem__, key=f"{KEY}_ends")
    local = wish.starts_at.astimezone(formats.zone())
    made = Repetition(chosen, local.date(), local.time().replace(tzinfo=None), wish.minutes)
    if how == "count":
        return replace(made, count=int(right.number_input(_("Dates"), 2, MOST, USUAL_NUMBER, key=f"{KEY}_count")))
    later = local.date() + timedelta(weeks=USUAL_NUMBER)
    until = right.date_input(_("Last day"), later, min_value=local.date(), format="DD/MM/YYYY", key=f"{KEY}_until")
    return replace(made, until_on=until)


@dataclass(frozen=True)
class Plan:
    """The dates as they would be booked: with what is done about each, and which rules are booked over."""

    remedies: dict[int, Remedy]
    overriding: set[str]
    dates: list[Occurrence]

    @property
    def is_settled(self) -> bool:
        """Return whether nothing is in the way of any date any more."""
        return not any(_left(each, self.overriding) for each in self.dates)

    @property
    def number(self) -> int:
        """Return how many dates are to be booked."""
        return sum(not each.is_left_out for each in self.dates)


def settle(actor: Actor, wish: Wish, repeated: Repetition) -> Plan:
    """Show each date that is taken with its remedies and return what was chosen."""
    before = series.preview(actor, wish, repeated)
    rules = {met.kind for each in before for met in each.obstacles if met.may_override}
    overriding = rules if rules and _over_rules(before, rules) else set()
    taken = [each for each in before if _left(each, overriding)]
    if not taken:
        said = ngettext("{number} date can be booked.", "{number} dates can be booked.", len(before))
        st.caption(":material/check: " + said.format(number=formats.number(len(before))))
        return Plan({}, overriding, before)
    said = ngettext("{taken} of {number} dates is taken:", "{taken} of {number} dates are taken:", len(taken))
    st.markdown("**" + said.format(taken=formats.number(len(taken)), number=formats.number(len(before))) + "**")
    chosen = {each.place: _remedy(actor, each) for each in taken[:MOST_SHOWN]}
    remedies = {place: remedy for place, remedy in chosen.items() if remedy is not None}
    if len(taken) > MOST_SHOWN:
        st.caption(_("More dates are taken than fit here. Choose another hour or an earlier end."))
    return Plan(remedies, overriding, series.preview(actor, wish, repeated, remedies))


def _left(date: Occurrence, overriding: set[str]) -> list[Obstacle]:
    """Return what is still in the way of a date."""
    return [met for met in date.obstacles if not (met.may_override and met.kind in overriding)]


def _over_rules(dates: Sequence[Occurrence], rules: set[str]) -> bool:
    number = sum(any(met.may_override for met in each.obstacles) for each in dates)
    words = ngettext(
        "Book {number} date all the same: {rules}", "Book {number} dates all the same: {rules}", number
    ).format(number=formats.number(number), rules=agenda_obstacles.rule_names(sorted(rules)))
    return st.checkbox(words, key=f"{KEY}_over_rules")


def _remedy(actor: Actor, taken: Occurrence) -> Remedy | None:
    """Show why a date is taken and ask what to do about it."""
    options = _remedies(actor, taken)
    left, right = st.columns([3, 2], vertical_alignment="center")
    why = " ".join(dict.fromkeys(agenda_obstacles.sentence(actor, met) for met in taken.obstacles))
    left.markdown(f"**{taken.place} · {formats.day(_local(taken).date())}**  \n{why}")
    words = list(options)
    chosen = right.selectbox(
        _("What to do on date {place}").format(place=taken.place),
        words,
        index=None,
        placeholder=_("Choose what to do"),
        label_visibility="collapsed",
        key=f"{KEY}_remedy_{taken.place}_{taken.wish.starts_at:%Y%m%d%H%M}",
    )
    return options.get(chosen) if chosen else None


def _local(taken: Occurrence) -> Any:
    return taken.wish.starts_at.astimezone(formats.zone())


def _remedies(actor: Actor, taken: Occurrence) -> dict[str, Remedy]:
    """Return what can be done about a taken date, by its words: what would work, and leaving it out."""
    found: dict[str, Remedy] = {}
    kinds = {met.kind for met in taken.obstacles}
    if kinds == {"room_busy"}:
        if room := free_hours.free_room(actor, taken.wish):
            found[_("In another room")] = Remedy(room_id=room)
        found[_("Online")] = Remedy(mode="online")
    midnight = _local(taken).replace(hour=0, minute=0)
    for each in free_hours.free_for(actor, taken.wish, midnight, midnight + A_DAY, MOST_HOURS):
        found[_("At {hour}").format(hour=formats.hour(each.starts_at))] = Remedy(
            starts_at=each.starts_at, room_id=each.room_id
        )
    return {**found, _("Leave this date out"): Remedy(is_left_out=True)}
