"""One consent: its exact text, the signature to record, and the ways to end it."""

from __future__ import annotations

import streamlit as st

from dashboard.access.actor import Actor, NotFoundError
from dashboard.consent import commands, queries
from dashboard.consent.commands import Signature
from dashboard.consent.queries import ConsentForm
from dashboard.consent.rules import Signer
from dashboard.ui import formats, notice, words
from dashboard.ui.errors import told
from dashboard.ui.language import _
from dashboard.ui.navigation import page_file
from dashboard.ui.text import plain


def show(actor: Actor, patient_id: int, consent_id: int) -> None:
    """Show a consent of a file and what can be done with it."""
    form = queries.consent_form(actor, consent_id)
    if form.patient_id != patient_id:
        raise NotFoundError("Not found.")
    names = queries.signer_names(actor, [patient_id])
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"##### {words.consent_kinds()[form.kind]}", width="content")
            st.badge(words.consent_states()[form.state], color="green" if form.state == "signed" else "gray")
        st.caption(_state(form, names))
        with st.expander(_("The text, version {version}").format(version=form.version), expanded=form.is_open):
            st.markdown(f"**{plain(form.title)}**  \n{plain(form.body)}")
        if form.is_open:
            _sign(actor, form, names)
            _decline(actor, form)
        elif form.state == "signed":
            _withdraw(actor, form)


def _name(signer: Signer, names: dict[int, str]) -> str:
    return _("The patient") if signer.guardian_id is None else names.get(signer.guardian_id, _("A guardian"))


def _state(form: ConsentForm, names: dict[int, str]) -> str:
    facts = [_("Requested {day}").format(day=formats.day(form.requested_on))]
    for signer, day in form.signing.signed_on.items():
        name = plain(_name(signer, names))
        facts.append(_("{name} signed {day}").format(name=name, day=formats.day(day)))
    if form.valid_until:
        facts.append(_("valid until {day}").format(day=formats.day(form.valid_until)))
    return " · ".join(facts)


def _sign(actor: Actor, form: ConsentForm, names: dict[int, str]) -> None:
    """Ask who signs, only of those who still must; how; and when."""
    if form.signing.is_complete:
        _complete(actor, form)
        return
    missing = form.signing.still_to_sign
    if not missing:
        st.warning(_("A guardian has to sign, and the file names none."), icon=":material/family_restroom:")
        st.page_link(
            page_file("patient_files"),
            label=_("Guardians and family"),
            query_params={"patient": str(form.patient_id), "part": "family"},
        )
        return
    key = f"consents_sign_{form.id}_{len(form.signing.signed_on)}"
    signer = st.selectbox(_("Who signs"), missing, format_func=lambda signer: _name(signer, names), key=f"{key}_who")
    methods = words.signature_methods()
    method = st.selectbox(_("How"), list(methods), format_func=methods.__getitem__, key=f"{key}_how")
    today = formats.today()
    signed_on, evidence, is_accepted = today, None, True
    if method == "on_screen":
        words_of_acceptance = _("Present now: has read the text above and accepts it")
        is_accepted = st.checkbox(words_of_acceptance, key=f"{key}_accepted")
    else:
        signed_on = st.date_input(
            _("Signed on"), today, min_value=form.requested_on, max_value=today, format="DD/MM/YYYY", key=f"{key}_day"
        )
        evidence = st.text_input(_("Where the signed paper or file is kept"), max_chars=200, key=f"{key}_evidence")
    if st.button(_("Record the signature"), key=f"{key}_save", type="primary", disabled=not is_accepted):
        _record(actor, form, Signature(signer.guardian_id, method, signed_on, form.text_sha256, evidence))


def _record(actor: Actor, form: ConsentForm, signature: Signature) -> None:
    with told():
        is_complete = commands.record_signature(actor, form.id, signature)
        if is_complete:
            notice.done(_("Everybody has signed: the consent is valid."))
        still = [s for s in form.signing.still_to_sign if s != Signer(signature.guardian_id)]
        is_guardian_missing = any(s.guardian_id is not None for s in still)
        notice.done(
            _("The signature is recorded. One guardian has not signed: do not start.")
            if is_guardian_missing
            else _("The signature is recorded. A signature is still missing.")
        )


def _complete(actor: Actor, form: ConsentForm) -> None:
    st.caption(_("Everybody who has to sign by now has signed."))
    if st.button(_("Mark as signed"), key=f"consents_complete_{form.id}", type="primary"):
        with told():
            commands.complete_consent(actor, form.id)
            notice.done(_("Everybody has signed: the consent is valid."))


def _decline(actor: Actor, form: ConsentForm) -> None:
    with st.popover(_("Does not consent"), icon=":material/block:", type="tertiary"):
        st.write(_("The consent is kept as declined. Another one can be requested later."))
        if st.button(_("Record that it is declined"), key=f"consents_decline_{form.id}"):
            with told():
                commands.decline_consent(actor, form.id)
                notice.done(_("Recorded as declined."))


def _withdraw(actor: Actor, form: ConsentForm) -> None:
    with st.popover(_("Withdraw this consent"), icon=":material/undo:", type="tertiary"):
        st.write(_("It ends today. What was done while it held stays covered."))
        if st.button(_("Withdraw it"), key=f"consents_withdraw_{form.id}", type="primary"):
            with told():
                commands.withdraw_consent(actor, form.id)
                notice.done(_("The consent is withdrawn."))
