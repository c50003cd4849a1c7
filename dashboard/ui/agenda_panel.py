"""The panel of one appointment: what it is, and what can be done with it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from zoneinfo import ZoneInfo

import streamlit as st
from babel.dates import format_time

from dashboard import clock
from dashboard.access.actor import OFFICE, Actor, NotFoundError
from dashboard.agenda import commands, queries, rules, series_changes
from dashboard.agenda.models import CANCELLED_BY, REASONS
from dashboard.agenda.queries import AppointmentDetails
from dashboard.billing import commands as billing
from dashboard.ui import address, agenda_mode, agenda_move_form, agenda_obstacles, agenda_people, errors, formats
from dashboard.ui.agenda_calendar import forget_click
from dashboard.ui.agenda_words import badge, mode_name, reason_name, shown_state, state_name, who_name
from dashboard.ui.language import _, ngettext
from dashboard.ui.navigation import page_file
from dashboard.ui.text import plain


def show(actor: Actor, appointment_id: int) -> date | None:
    """Open the panel of an appointment over the page and return its day; without one, say that it is not there."""
    try:
        found = queries.appointment(actor, appointment_id)
    except NotFoundError as error:
        close()
        st.error(errors.sentence(error), icon=":material/error:")
        return None
    st.dialog(_times(found), width="medium", on_dismiss=close)(_body)(actor, found)
    return found.slot.starts_at.astimezone(formats.zone()).date()


def close() -> None:
    """Take the appointment out of the address, and let it be clicked again."""
    address.keep("appointment", None)
    forget_click()


def record(actor: Actor, appointment_id: int, state: str, **choices: object) -> None:
    """Record what became of an appointment, then charge what was delivered or missed for a fee."""
    commands.mark_attendance(actor, appointment_id, state, **choices)  # type: ignore[arg-type]
    if state == "attended" or choices.get("is_fee_charged"):
        billing.charge_session(actor, appointment_id)


def take_back(actor: Actor, appointment_id: int, version: int) -> None:
    """Undo a record, with the charge that followed from it; when it stays recorded, so does the charge.

    Raises:
        RuleBrokenError: it is on an invoice, or cannot be undone.
        ChangedSinceError: somebody changed it since.
    """
    reversed_charges = billing.reverse_session(actor, appointment_id)
    try:
        commands.undo_marking(actor, appointment_id, version=version)
    except Exception:
        if reversed_charges:
            billing.charge_session(actor, appointment_id)
        raise


def _body(actor: Actor, found: AppointmentDetails) -> None:
    _facts(found)
    _history(found)
    if actor.role == "therapist" and found.slot.patients and found.slot.starts_at <= clock.now():
        ids = {"appointment": str(found.slot.id)}
        st.page_link(page_file("notes"), label=_("Session note"), icon=":material/edit_note:", query_params=ids)
    is_ahead = found.slot.state in {"booked", "confirmed"} and found.slot.ends_at > clock.now()
    if found.slot.mode == "online" and is_ahead:
        ids = {"appointment": str(found.slot.id)}
        st.page_link(page_file("video_calls"), label=_("Video call"), icon=":material/video_call:", query_params=ids)
    if found.is_moved:
        st.caption(_("This appointment was moved to another time."))
        return
    state = found.slot.state
    if state in rules.MARKED_STATES:
        if actor.role in OFFICE and state in rules.CANCELLED_STATES and found.slot.starts_at > clock.now():
            st.page_link(
                page_file("waiting_list"),
                label=_("Offer this hour to the waiting list"),
                icon=":material/hourglass_top:",
                query_params={"hour": str(found.slot.id)},
            )
        _act(
            _("Take this back"),
            lambda: take_back(actor, found.slot.id or 0, found.slot.version),
            key="agenda_undo",
            icon=":material/undo:",
        )
        return
    if state in rules.CONFIRMED_AS and not found.slot.is_unconfirmed:
        words = _("Accept the request") if state == "held" else _("Confirm")
        _act(words, lambda: _confirm(actor, found), key="agenda_confirm", icon=":material/check:", is_main=True)
    if is_ahead:
        agenda_move_form.offer(actor, found, close)
        agenda_mode.offer(actor, found, close)
        if actor.role in OFFICE:
            agenda_people.offer(actor, found, close)
    _what_became(actor, found)


def _facts(found: AppointmentDetails) -> None:
    slot = found.slot
    with st.container(horizontal=True, gap="small"):
        badge(shown_state(slot))
        st.badge(mode_name(slot.mode or "in_person"), color="gray")
    where = " · ".join(plain(part) for part in (slot.room_name, found.site_name) if part)
    st.markdown(f"**{plain(slot.service_name or '')}** · {plain(slot.therapist_name)}  \n{where}")
    if found.site_time_zone != formats.practice().time_zone:
        local = format_time(
            slot.starts_at, format="short", tzinfo=ZoneInfo(found.site_time_zone), locale=formats.locale()
        )
        st.caption(_("At the site it is {hour} then.").format(hour=local))
    with st.container(horizontal=True, gap="small"):
        for patient in slot.patients:
            st.page_link(
                page_file("patient_files"),
                label=plain(patient.name),
                icon=":material/folder_shared:",
                query_params={"patient": str(patient.id)},
            )


def _history(found: AppointmentDetails) -> None:
    """Show in one line each what happened to the appointment so far, and its price to who may see money."""
    lines = [_("Booked {moment}").format(moment=formats.moment(found.booked_at))]
    if found.held_until:
        lines.append(_("Kept free until {moment}").format(moment=formats.moment(found.held_until)))
    if found.confirmed_at:
        lines.append(_("Confirmed {moment}").format(moment=formats.moment(found.confirmed_at)))
    if found.cancelled_at and found.cancelled_by:
        lines.append(
            _("Cancelled by: {who}, {moment}").format(
                who=who_name(found.cancelled_by).lower(), moment=formats.moment(found.cancelled_at)
            )
        )
    if found.cancellation_reason:
        lines.append(_("Reason: {reason}").format(reason=reason_name(found.cancellation_reason).lower()))
    if found.marked_at and found.marked_by:
        lines.append(
            _("Recorded by {person}, {moment}").format(
                person=plain(found.marked_by), moment=formats.moment(found.marked_at)
            )
        )
    if found.overridden:
        lines.append(_("Booked over a rule: {rules}").format(rules=agenda_obstacles.rule_names(found.overridden)))
    if found.series_left:
        left = ngettext("{number} date of the series left", "{number} dates of the series left", found.series_left)
        lines.append(left.format(number=formats.number(found.series_left)))
    if found.slot.state in rules.FEE_STATES:
        lines.append(_("With a fee") if found.is_fee_charged else _("Without a fee"))
    if found.fee_cents is not None:
        lines.append(_("Price {amount}").format(amount=formats.cents(found.fee_cents)))
    st.caption(" · ".join(lines))


def _what_became(actor: Actor, found: AppointmentDetails) -> None:
    """Ask what became of the appointment; one that has not begun can only be cancelled."""
    has_begun = found.slot.starts_at <= clock.now()
    possible = ["attended", "no_show", "late_cancelled", "cancelled"] if has_begun else ["cancelled"]
    if found.slot.state == "held":
        possible = ["cancelled"]
    state = possible[0]
    if len(possible) > 1:
        state = st.segmented_control(
            _("What became of it?"),
            possible,
            format_func=state_name,
            default=state,
            required=True,
            key=f"agenda_became_{found.slot.id}",
        )
        _save(actor, found, state)
        return
    with st.expander(_("Cancel this appointment"), icon=":material/event_busy:"):
        _save(actor, found, state)


def _save(actor: Actor, found: AppointmentDetails, state: str) -> None:
    """Ask what the state needs to be known with it, and offer to record it."""
    who, reason = (_who_and_why(found, state)) if state in rules.CANCELLED_STATES else (None, None)
    if who and found.slot.starts_at > clock.now():
        state = rules.cancelled_state(who, clock.now(), found.slot.starts_at, found.window_hours)
        if state == "late_cancelled":
            st.caption(
                _("Late: less than {hours} hours before it begins.").format(hours=formats.number(found.window_hours))
            )
    is_rest = who is not None and found.slot.starts_at > clock.now() and _ends_series(found)
    has_fee = _fee(found) if state in rules.FEE_STATES and not is_rest else False

    def save() -> None:
        if is_rest and who:
            series_changes.cancel_series(
                actor, found.slot.id or 0, "following", who, reason, version=found.slot.version
            )
            return
        record(
            actor,
            found.slot.id or 0,
            state,
            version=found.slot.version,
            is_fee_charged=has_fee,
            cancelled_by=who,
            reason=reason,
        )

    words = _("Record: {state}").format(state=state_name(state).lower())
    _act(words, save, key="agenda_save", icon=":material/save:", is_main=found.slot.is_unconfirmed or None)


def _who_and_why(found: AppointmentDetails, state: str) -> tuple[str, str | None]:
    if state == "late_cancelled":
        who = "patient"
    else:
        who = st.selectbox(_("Who cancelled?"), CANCELLED_BY, format_func=who_name, key=f"agenda_who_{found.slot.id}")
    reason = st.selectbox(
        _("Why?"),
        REASONS,
        index=None,
        format_func=reason_name,
        placeholder=_("Not said"),
        key=f"agenda_reason_{found.slot.id}",
    )
    return who, reason


def _ends_series(found: AppointmentDetails) -> bool:
    """Ask whether the later dates of the series are cancelled with this one."""
    if found.series_left < 2:
        return False
    later = found.series_left - 1
    words = ngettext(
        "Cancel {number} later date of the series too", "Cancel {number} later dates of the series too", later
    )
    return st.checkbox(words.format(number=formats.number(later)), key=f"agenda_rest_{found.slot.id}")


def _fee(found: AppointmentDetails) -> bool:
    if not found.late_fee_percent:
        st.caption(_("This service has no fee for a missed or late cancelled session."))
        return False
    share = formats.percent(found.late_fee_percent / 100, 0)
    return st.checkbox(
        _("Charge the fee ({share} of the price)").format(share=share), key=f"agenda_fee_{found.slot.id}"
    )


def _confirm(actor: Actor, found: AppointmentDetails) -> None:
    commands.confirm_appointment(actor, found.slot.id or 0, version=found.slot.version)


def _act(label: str, command: Callable[[], None], *, key: str, icon: str, is_main: bool | None = None) -> None:
    """Offer a command; once it is done the panel closes and the page shows the new state."""
    if not st.button(label, key=key, icon=icon, type="primary" if is_main else "secondary"):
        return
    done = False
    with errors.told():
        command()
        done = True
    if done:
        close()
        st.rerun()


def _times(found: AppointmentDetails) -> str:
    slot = found.slot
    day = formats.day(slot.starts_at.astimezone(formats.zone()).date(), "full")
    return f"{day}, {formats.hour(slot.starts_at)}–{formats.hour(slot.ends_at)}"
