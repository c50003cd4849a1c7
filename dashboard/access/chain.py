"""Proves that the audit log is whole: recomputes its chain, and compares it with anchors kept outside the database.

A chain alone does not notice when its end is cut off and its head set back. So the head is anchored now and then in a
file of the data folder, signed with a key that the database has not.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text

from dashboard import clock, db
from dashboard.config import settings

START = hashlib.sha256(b"intersession").digest()
KEY_FILE, ANCHOR_FILE = "audit.key", "audit_anchors.jsonl"
KINDS = {
    "edited": "an entry was changed",
    "removed": "an entry was taken out",
    "moved": "entries were put in another order",
    "added": "an entry was written past the chain",
    "cut": "the end was cut off",
}

# What a link covers is the same expression as in the trigger that writes it.
FIRST_BROKEN = text("""
select seq, case
    when is_gone or seq <> expected then 'removed' when previous <> before then 'moved' else 'edited'
end as kind
from (
    select c.seq, c.previous, l.id is null as is_gone, row_number() over (order by c.seq) as expected,
        coalesce(lag(c.hash) over (order by c.seq), :start) as before,
        c.hash = sha256(c.previous || convert_to(jsonb_build_array(
            c.seq, c.audit_id, extract(epoch from l.at), l.user_id, l.session_id, l.role, l.operation,
            l.table_name, l.row_key, l.patient_id, l.changed, l.rows, l.reason
        )::text, 'UTF8')) as is_right
    from audit_chain as c left join audit_log as l on l.id = c.audit_id
) as link
where is_gone or seq <> expected or previous <> before or not is_right
order by seq limit 1
""")
END = text("select seq, hash from audit_head")
COUNTS = text(
    "select (select count(*) from audit_log), (select count(*) from audit_chain), (select max(seq) from audit_chain)"
)
LINK = text("select hash from audit_chain where seq = :seq")


@dataclass(frozen=True)
class Verdict:
    """What a verification found: the number of entries, and where the log is broken and how, if it is."""

    entries: int
    anchors: int
    broken_at: int | None = None
    kind: str | None = None

    @property
    def is_whole(self) -> bool:
        """Return whether nothing is broken."""
        return self.kind is None


def verify() -> Verdict:
    """Recompute the chain over the whole log and compare it with every anchor."""
    with db.administration(read_only=True) as session:
        connection = session.connection()
        counts: Any = connection.execute(COUNTS).one()
        entries, links, last = counts
        anchors = _anchors()
        broken: Any = connection.execute(FIRST_BROKEN, {"start": START}).one_or_none()
        if broken is not None:
            return Verdict(entries, len(anchors), broken.seq, broken.kind)
        if entries != links:
            return Verdict(entries, len(anchors), last, "added")
        head: Any = connection.execute(END).one()
        if head.seq != (last or 0) or (last and _hash_at(connection, last) != bytes(head.hash)):
            return Verdict(entries, len(anchors), last or 0, "cut")
        for anchor in anchors:
            if anchor["seq"] and _hash_at(connection, anchor["seq"]) != bytes.fromhex(anchor["hash"]):
                return Verdict(entries, len(anchors), anchor["seq"], "cut")
    return Verdict(entries, len(anchors))


def anchor() -> int:
    """Write the chain's present end to the file of anchors; return its number.

    Raises:
        BrokenAnchorError: an anchor was changed; nothing is added to such a file.
    """
    _anchors()
    with db.administration(read_only=True) as session:
        end: Any = session.connection().execute(END).one()
    entry = {"seq": int(end.seq), "hash": bytes(end.hash).hex(), "at": clock.now().isoformat(timespec="seconds")}
    line = json.dumps({**entry, "signature": _signature(entry)})
    with _place(ANCHOR_FILE).open("a", encoding="utf-8") as file:
        file.write(line + "\n")
    return int(end.seq)


class BrokenAnchorError(Exception):
    """A line of the file of anchors is not what was written."""


def _anchors() -> list[dict[str, Any]]:
    place, found = _place(ANCHOR_FILE), []
    for number, line in enumerate(place.read_text("utf-8").splitlines() if place.exists() else (), start=1):
        try:
            entry = json.loads(line)
            signature = entry.pop("signature")
        except (ValueError, KeyError, AttributeError):
            signature, entry = "", {}
        if not hmac.compare_digest(str(signature), _signature(entry)):
            raise BrokenAnchorError(f"{ANCHOR_FILE}, line {number}: this anchor was changed.")
        found.append(entry)
    return found


def _hash_at(connection: Connection, seq: int) -> bytes | None:
    found = connection.execute(LINK, {"seq": seq}).scalar()
    return None if found is None else bytes(found)


def _signature(entry: dict[str, Any]) -> str:
    told = json.dumps(entry, sort_keys=True).encode()
    return hmac.new(_key(), told, hashlib.sha256).hexdigest()


def _key() -> bytes:
    """Return the key of anchors, made at its first use; only its owner can read it, and the database never sees it."""
    place = settings().audit_key_file or _place(KEY_FILE)
    if not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(32))
    return place.read_bytes()


def _place(name: str) -> Path:
    return settings().data_dir / name
