"""What people do about video calls: choose where they are held, renew a link, tick, note a place, lay out material."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from dashboard.access.actor import Actor, NotFoundError, RuleBrokenError, reading, transaction
from dashboard.agenda.models import Attendee
from dashboard.clinical.models import Document
from dashboard.video.models import ITEMS, KINDS, TITLES, VideoMaterial, VideoPlace, VideoProvider, VideoTick
from dashboard.video.queries import CARE, require_ahead

ROOM = "{room}"
BEGINS = "https://"
ADDRESS = re.compile(
    r"https://[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?(/[A-Za-z0-9._~!$&()*+,;=:@%/?#-]*)?"
)
SHARED = re.compile(r"https?://[A-Za-z0-9][^\s<>\"]*")
LONGEST_ADDRESS, LONGEST_SHARED, LONGEST_PLACE, LONGEST_TELEPHONE = 300, 500, 200, 60
RENEW = text("select renew_video_link(:appointment_id)")
HOLDS = text("select video_provider_holds(:renewed)")
SENTENCES = {
    "over": "Only an online session that is still to come has a link.",
    "nowhere": "Nobody chose yet where calls are held. The manager does, on the same screen.",
    "fixed": "This therapist's calls are always held in the same room: the link cannot be another one.",
    "kind": "There is no such way to hold calls.",
    "room": "The address needs {room} where the name of the room belongs.",
    "address": "The address begins with https:// and has no spaces.",
    "base": "The base address has neither ? nor #: the room is added at its end.",
}


def hold_calls(actor: Actor, therapist_id: int | None, kind: str, address: str, *, is_renewed: bool = False) -> int:
    """Set where calls are held, of a therapist or (without one) of all who have none of their own.

    Online sessions ahead that have no link get one; those that have one keep it, unless ``is_renewed``: then every
    session ahead, of whatever therapist, gets a new one. Returns how many links were made.

    Raises:
        RuleBrokenError: the address is none that a call can be held at.
    """
    address = address.strip()
    problem = why_no_address(kind, address)
    if problem:
        raise RuleBrokenError(SENTENCES[problem])
    if kind == "personal" and therapist_id is None:
        raise RuleBrokenError("A room of one's own belongs to one therapist.")
    values = {"therapist_id": therapist_id, "kind": kind, "address": address}
    with transaction(actor, "manager") as session:
        added = insert(VideoProvider).values(values)
        changed = {"kind": kind, "address": address}
        session.execute(added.on_conflict_do_update(index_elements=["therapist_id"], set_=changed))
        return session.scalar(HOLDS, {"renewed": is_renewed}) or 0


def why_no_address(kind: str, address: str) -> str | None:
    """Return why calls cannot be held at an address, as a code of ``SENTENCES``, or nothing."""
    if kind not in KINDS:
        return "kind"
    if kind == "template" and ROOM not in address:
        return "room"
    bare = address.replace(ROOM, "room") if kind == "template" else address
    if len(address) > LONGEST_ADDRESS or not ADDRESS.fullmatch(bare):
        return "address"
    if kind == "jitsi" and ("?" in address or "#" in address):
        return "base"
    return None


def hold_no_calls(actor: Actor, therapist_id: int | None) -> None:
    """Take away where calls are held; links that were made stay until they are renewed.

    Raises:
        NotFoundError: there is no such choice.
    """
    wanted = VideoProvider.therapist_id.is_not_distinct_from(therapist_id)
    with transaction(actor, "manager") as session:
        gone: Any = session.execute(delete(VideoProvider).where(wanted))
        if gone.rowcount != 1:
            raise NotFoundError("No such choice.")


def renew_link(actor: Actor, appointment_id: int) -> None:
    """Give a session another link; the one before is shown nowhere any more, and who was sent it is sent the new one.

    Raises:
        NotFoundError: no such session for this person.
        RuleBrokenError: it is over, or has no other link to get.
    """
    with transaction(actor, *CARE) as session:
        outcome = session.scalar(RENEW, {"appointment_id": appointment_id})
        if outcome is None:
            raise NotFoundError("No such session.")
        if outcome != "made":
            raise RuleBrokenError(SENTENCES[outcome])


def tick(actor: Actor, appointment_id: int, patient_id: int, item: str, *, is_done: bool) -> None:
    """Record that an item of a patient's checklist was asked and is so, or that it is not.

    Raises:
        NotFoundError: no such patient in such a session for this person.
        RuleBrokenError: there is no such item.
    """
    if item not in ITEMS:
        raise RuleBrokenError("There is no such item.")
    require_ahead(actor, appointment_id, patient_id)
    with transaction(actor, *CARE) as session:
        values = {"appointment_id": appointment_id, "patient_id": patient_id, "item": item, "is_done": is_done}
        session.execute(insert(VideoTick).values(**values, by_id=actor.user_id))


def tell_place(actor: Actor, appointment_id: int, patient_id: int, place: str | None, telephone: str | None) -> None:
    """Note where a patient will be and by which telephone they are reached; nothing means as in the file.

    Raises:
        NotFoundError: no such patient in such a session for this person.
        RuleBrokenError: a text is too long.
    """
    place, telephone = (place or "").strip() or None, (telephone or "").strip() or None
    if len(place or "") > LONGEST_PLACE or len(telephone or "") > LONGEST_TELEPHONE:
        raise RuleBrokenError("This is too long.")
    require_ahead(actor, appointment_id, patient_id)
    with transaction(actor, *CARE) as session:
        key = {"appointment_id": appointment_id, "patient_id": patient_id}
        said = {"place": place, "telephone": telephone}
        added = insert(VideoPlace).values(**key, **said)
        session.execute(added.on_conflict_do_update(index_elements=list(key), set_=said))


def share_address(actor: Actor, appointment_id: int, title: str, address: str) -> None:
    """Lay out an address to share in a session.

    Raises:
        NotFoundError: no such session for this person.
        RuleBrokenError: it is no address of the web, or there is no such title.
    """
    address = address.strip()
    if len(address) > LONGEST_SHARED or not SHARED.fullmatch(address):
        raise RuleBrokenError("The address begins with https:// and has no spaces.")
    _share(actor, appointment_id, title, {"address": address})


def share_document(actor: Actor, appointment_id: int, title: str, document_id: int) -> None:
    """Lay out a document of a participant's file to share in a session.

    Raises:
        NotFoundError: no such session or document for this person, or of somebody who does not take part.
        RuleBrokenError: there is no such title.
    """
    of_participant = (
        select(Document.id)
        .join(Attendee, Attendee.patient_id == Document.patient_id)
        .where(Document.id == document_id, Attendee.appointment_id == appointment_id, Document.put_away_at.is_(None))
    )
    with reading(actor, "therapist") as session:
        if session.scalar(of_participant) is None:
            raise NotFoundError("No such document.")
    _share(actor, appointment_id, title, {"document_id": document_id})


def _share(actor: Actor, appointment_id: int, title: str, what: dict[str, object]) -> None:
    if title not in TITLES:
        raise RuleBrokenError("There is no such title.")
    require_ahead(actor, appointment_id)
    with transaction(actor, "therapist") as session:
        values = {"appointment_id": appointment_id, "title": title, "added_by_id": actor.user_id, **what}
        session.execute(insert(VideoMaterial).values(values))


def take_away(actor: Actor, material_id: int) -> None:
    """Take something off what is to be shared.

    Raises:
        NotFoundError: there is no such thing for this person.
    """
    wanted = VideoMaterial.id == material_id
    with transaction(actor, "therapist") as session:
        gone: Any = session.execute(
            update(VideoMaterial).where(wanted, VideoMaterial.taken_away_at.is_(None)).values(taken_away_at=func.now())
        )
        if gone.rowcount != 1:
            raise NotFoundError("There is no such material.")
