"""The money of one session: who owes what, on which invoice it stands, and what is left to do."""

from __future__ import annotations

import streamlit as st

from dashboard.access.actor import Actor, NotFoundError
from dashboard.billing import accounts, commands, queries
from dashboard.billing.accounts import SessionCharge
from dashboard.billing.queries import Filters
from dashboard.ui import address, errors, formats
from dashboard.ui.billing_words import back_button, charge_kinds, done, status_badge, statuses, write_off_reasons
from dashboard.ui.language import _
from dashboard.ui.text import plain


def show(actor: Actor, appointment_id: int) -> None:
    """Show the money of a session."""
    back_button("session")
    rows = queries.sessions_with_money(actor, Filters(appointment_id=appointment_id))
    if rows.empty:
        raise NotFoundError("No such session.")
    first = rows.iloc[0]
    st.subheader(f"{first['service']} · {formats.day(first['session_on'])}", anchor=False)
    st.caption(plain(str(first["therapist"])))
    for row in rows.itertuples():
        with st.container(horizontal=True, gap="small", vertical_alignment="center"):
            status_badge(str(row.money_status), statuses()[str(row.money_status)])
            st.markdown(plain(f"{row.patient} · {row.patient_number}"))
    charges = accounts.session_charges(actor, appointment_id)
    if "not_charged" in set(rows["money_status"]):
        _offer_to_charge(actor, appointment_id)
    elif not charges:
        st.info(_("Nothing is charged for this session."), icon=":material/inbox:")
    for charge in charges:
        _charge(actor, charge)
    _offer_to_invoice(actor, [charge.id for charge in charges if charge.is_to_invoice])


def _offer_to_charge(actor: Actor, appointment_id: int) -> None:
    if st.button(_("Charge this session"), key="billing_charge", type="primary", icon=":material/sell:"):
        with errors.told():
            commands.charge_session(actor, appointment_id)
            done(_("The session is charged."))


def _offer_to_invoice(actor: Actor, charge_ids: list[int]) -> None:
    if charge_ids and st.button(
        _("Invoice this session"), key="billing_invoice_session", type="primary", icon=":material/receipt_long:"
    ):
        with errors.told():
            commands.invoice_charges(actor, charge_ids)
            done(_("The session is invoiced."))


def _charge(actor: Actor, charge: SessionCharge) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center", gap="medium"):
        with st.container(width=420, gap=None):
            st.markdown(f"**{formats.cents(charge.amount_cents)}** · {plain(charge.payer_name or charge.patient_name)}")
            st.caption(f"{charge_kinds()[charge.kind]} · {formats.day(charge.charged_on)}")
        if charge.is_reversed:
            st.badge(_("Reversed"), color="gray")
        elif charge.written_off_cents:
            st.badge(_("Written off"), color="gray")
        elif charge.invoice_id is not None:
            label = _("Invoice {number}").format(number=charge.invoice_number)
            if st.button(label, key=f"billing_open_{charge.id}", icon=":material/receipt:", type="tertiary"):
                address.keep("session", None)
                address.keep("invoice", charge.invoice_id)
                st.rerun()
        if charge.is_left and not charge.written_off_cents:
            _offer_write_off(actor, charge)


def _offer_write_off(actor: Actor, charge: SessionCharge) -> None:
    with st.popover(_("Write off"), icon=":material/block:", type="tertiary"):
        st.write(_("The charge is given up and never invoiced."))
        reasons = write_off_reasons()
        reason = st.selectbox(
            _("Reason"), list(reasons), format_func=reasons.__getitem__, key=f"billing_reason_{charge.id}"
        )
        if st.button(_("Write it off"), key=f"billing_write_off_{charge.id}"):
            with errors.told():
                commands.write_off_charge(actor, charge.id, reason)
                done(_("The charge is written off."))
