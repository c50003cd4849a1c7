"""One online session: joining it, its link, and for each patient what is known, what is asked, where they will be."""

from __future__ import annotations

import streamlit as st

from dashboard.access.actor import Actor
from dashboard.ui import address, formats, notice, openings, video_material, video_words
from dashboard.ui.errors import told
from dashboard.ui.language import _
from dashboard.ui.navigation import page_file
from dashboard.ui.text import plain
from dashboard.ui.video_list import check_button
from dashboard.video import commands, queries, rules
from dashboard.video.queries import Tick
from dashboard.video.rules import Participant, Session, State

MENDED_BY = {"consent": "consents", "emergency": "patient_files", "place": "patient_files", "fallback": "patient_files"}


def show(actor: Actor, appointment_id: int) -> None:
    """Show a session with the way back to the list."""
    if st.button(_("Back to the list"), key="video_calls_back", icon=":material/arrow_back:", type="tertiary"):
        address.keep("appointment", None)
        st.rerun()
    found = queries.session_ahead(actor, appointment_id)
    with st.container(border=True):
        _heading(actor, found)
        _link(actor, found)
    done = queries.ticks(actor, appointment_id)
    for who in found.participants:
        openings.noted(actor, who.id)
        with st.container(border=True):
            _participant(actor, found, who, [each for each in done if each.patient_id == who.id])
    if actor.role == "therapist":
        with st.container(border=True):
            video_material.show(actor, found)


def _heading(actor: Actor, found: Session) -> None:
    hours = f"{formats.hour(found.starts_at)}–{formats.hour(found.ends_at)}"
    when = f"{formats.day(found.day, 'full')} · {hours}"
    st.markdown(f"##### {plain(when)}")
    facts = [found.service_name, None if actor.role == "therapist" else found.therapist_name]
    st.caption(" · ".join(plain(fact) for fact in facts if fact))


def _link(actor: Actor, found: Session) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        if found.link and actor.role == "therapist":
            st.link_button(_("Join the call"), found.link, icon=":material/video_call:", type="primary")
        check_button()
        ids = {"appointment": str(found.id)}
        st.page_link(page_file("agenda"), label=_("In the agenda"), icon=":material/calendar_month:", query_params=ids)
        if found.link and not found.is_fixed:
            _another(actor, found)
    if found.link:
        st.code(found.link, language=None, wrap_lines=True)
        if found.is_fixed:
            st.caption(_("Always the same room: the next patient may come in while this one is still there."))
    else:
        st.caption(_("No link: nobody chose yet where calls are held."))


def _another(actor: Actor, found: Session) -> None:
    with st.popover(_("Another link"), icon=":material/autorenew:"):
        st.write(_("The present link is shown and sent no more. Whoever has it still gets into the old, empty room."))
        if st.button(_("Make another link"), key="video_calls_renew", type="primary"):
            with told():
                commands.renew_link(actor, found.id)
                notice.done(_("The session has another link. It is sent as the first one was."))


def _participant(actor: Actor, found: Session, who: Participant, done: list[Tick]) -> None:
    number = _("File {number}").format(number=who.number)
    age = _("minor") if who.is_minor(found.day) else ""
    st.page_link(
        page_file("patient_files"),
        label=" · ".join(part for part in (f"**{plain(who.name)}**", number, age) if part),
        icon=":material/folder_shared:",
        query_params={"patient": str(who.id)},
    )
    known, asked = st.columns(2, gap="large")
    with known:
        _title(_("What is known"))
        for need, state in rules.readiness(found, who).items():
            _need(actor, found, who, need, state)
    with asked:
        _title(_("Ask at the beginning"))
        for item in rules.checklist(found, who):
            _item(actor, found, who, item)
        _by_whom(who, done)
    _place(actor, found, who)


def _need(actor: Actor, found: Session, who: Participant, need: str, state: State) -> None:
    """Show a need in a line, and where it is missing the way to where it is mended."""
    detail = _detail(found, who, need, state)
    words = f"{video_words.icon(state)} {video_words.needs()[need]}: {plain(detail)}"
    page = MENDED_BY.get(need)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(words, width="content")
        if state == "missing" and page:
            st.page_link(page_file(page), label=_("Mend it"), query_params={"patient": str(who.id)})
        elif state == "missing" and need == "sent" and found.link and actor.role != "therapist":
            st.page_link(page_file("messages"), label=_("Messages"))


def _detail(found: Session, who: Participant, need: str, state: State) -> str:
    """Return what is known of a need, in words."""
    minor = who.is_minor(found.day)
    facts = {
        "place": who.told_place or who.address,
        "emergency": who.emergency_telephone or (who.guardian_telephone if minor else None),
        "fallback": who.told_telephone or (who.guardian_telephone if minor else who.telephone),
    }
    if state == "ready" and facts.get(need):
        return str(facts[need])
    if need == "consent" and who.consent is not None and state == "missing":
        return _consent(who)
    if need == "sent":
        return _sent(who, state)
    if need == "guardian" and state == "missing":
        return _("to be asked")
    return video_words.state_name(need, state)


def _consent(who: Participant) -> str:
    """Return how far a consent that does not hold on the day is."""
    if who.consent is not None and who.consent.is_valid:
        return _("ends on {day}").format(day=formats.day(who.consent.valid_until))
    return _("not valid")


def _sent(who: Participant, state: State) -> str:
    if state == "ready":
        return _("given by hand") if who.message not in {"sent", "told"} else _("sent")
    return {
        "planned": _("waits for its hour"),
        "sending": _("is being sent"),
        "withheld": _("withheld: no consent to be contacted, or no address"),
        "failed": _("failed"),
    }.get(who.message or "", _("not yet"))


def _title(words: str) -> None:
    st.markdown(f"**{words}**")


def _item(actor: Actor, found: Session, who: Participant, item: str) -> None:
    """Offer an item to tick."""
    was = item in who.ticked
    key = f"video_calls_{found.id}_{who.id}_{item}_{was}"
    is_done = st.checkbox(video_words.items()[item], value=was, key=key)
    if is_done != was:
        with told():
            commands.tick(actor, found.id, who.id, item, is_done=is_done)
            st.rerun()


def _by_whom(who: Participant, done: list[Tick]) -> None:
    """Say who ticked what is ticked, and when: the last of each person."""
    last: dict[str, Tick] = {}
    for each in done:
        if each.is_done and each.item in who.ticked:
            last.setdefault(each.by, each)
    if last:
        st.caption(" · ".join(plain(f"{by}, {formats.moment(each.at)}") for by, each in last.items()))


def _place(actor: Actor, found: Session, who: Participant) -> None:
    """Take where the patient will be and by which telephone, where the file says otherwise."""
    is_told = bool(who.told_place or who.told_telephone)
    with (
        st.expander(_("Somewhere else this time"), icon=":material/location_on:", expanded=is_told),
        st.form(f"video_calls_place_{found.id}_{who.id}", border=False),
    ):
        place = st.text_input(
            _("Where they will be"),
            who.told_place or "",
            placeholder=who.address or "",
            max_chars=commands.LONGEST_PLACE,
            key=f"video_calls_where_{found.id}_{who.id}",
        )
        telephone = st.text_input(
            _("Telephone for this session"),
            who.told_telephone or "",
            placeholder=who.telephone or "",
            max_chars=commands.LONGEST_TELEPHONE,
            key=f"video_calls_telephone_{found.id}_{who.id}",
        )
        st.caption(_("Empty means as in the file."))
        if st.form_submit_button(_("Save"), key=f"video_calls_save_{found.id}_{who.id}"):
            with told():
                commands.tell_place(actor, found.id, who.id, place, telephone)
                notice.done(_("Saved."))
