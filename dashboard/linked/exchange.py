"""The exchange with calendars elsewhere: sessions go out, busy times come in, what was changed there is proposed.

Never in a page: a worker goes a round each minute. A session is noted before the server hears of it and stands under
the same name for ever, so that a round that died in between is taken up by the next without anything standing twice.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urljoin

import psycopg

from dashboard import clock, db
from dashboard.calendars import reading
from dashboard.calendars.codes import CalendarRefusedError, Code
from dashboard.calendars.feed import FeedEvent, resource
from dashboard.linked import busy, dav, passwords, rules, store
from dashboard.linked.reaching import Server, ServerProblemError
from dashboard.linked.rules import Step, Theirs, Wanted, Written
from dashboard.linked.store import Account, Place

log = logging.getLogger(__name__)
LOCK = 7_204_118  # any fixed number: one round at a time, whoever goes it
MOST_WRITES = 500
YEARS = timedelta(days=5 * 366)
OF_THE_SERVER = {"unreachable", "refused", "private", "server_busy"}
HARMLESS = {Code.HOUR_SKIPPED, Code.HOUR_TWICE, Code.DUPLICATE, Code.OLDER_VERSION}


@dataclass
class Pace:
    """When each account was asked and is to be asked again; kept in the worker's memory, as it changes every minute."""

    due: dict[int, datetime] = field(default_factory=dict)
    failures: dict[int, int] = field(default_factory=dict)
    asked: dict[int, datetime] = field(default_factory=dict)

    def is_due(self, therapist_id: int, asked_at: datetime, now: datetime) -> bool:
        """Return whether an account is to be asked: its time has come, or somebody wants it since it was asked last."""
        before = self.asked.get(therapist_id)
        return before is None or asked_at > before or now >= self.due[therapist_id]

    def note(self, therapist_id: int, now: datetime, *, is_well: bool, is_done: bool = True) -> None:
        """Note that an account was asked at ``now``, and when it is to be asked again."""
        self.failures[therapist_id] = 0 if is_well else self.failures.get(therapist_id, 0) + 1
        self.asked[therapist_id] = now
        self.due[therapist_id] = now + rules.pause_after(self.failures[therapist_id]) if is_done else now


def exchange_round(pace: Pace, now: datetime | None = None) -> int:
    """Exchange with every account that is due; return with how many it went well. While another round runs, none."""
    now = now or clock.now()
    done = 0
    with _alone() as is_alone:
        if not is_alone:
            return 0
        for therapist_id, asked_at in store.live_accounts().items():
            if pace.is_due(therapist_id, asked_at, now):
                done += _exchange_noted(pace, therapist_id, now)
    return done


@contextmanager
def _alone() -> Iterator[bool]:
    """Hold the lock of rounds and say whether we have it; the database frees it when this process dies."""
    address = db.url("messenger").set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address, autocommit=True) as connection:
        yield connection.execute("select pg_try_advisory_lock(%s)", (LOCK,)).fetchone() == (True,)


def _exchange_noted(pace: Pace, therapist_id: int, now: datetime) -> bool:
    """Exchange with one account and note how it went; return whether it went well."""
    try:
        is_done = exchange(therapist_id, now)
    except (ServerProblemError, db.DatabaseRefusal) as problem:
        if isinstance(problem, ServerProblemError):
            store.note_problem(therapist_id, problem.code)
        # Of the database's: the account was disconnected in this moment. Nobody else's has to wait for it.
        pace.note(therapist_id, now, is_well=False)
        log.warning("calendars of therapist %d were not exchanged: %s", therapist_id, problem.code)
        return False
    store.note_synced(therapist_id, now)
    pace.note(therapist_id, now, is_well=True, is_done=is_done)
    return True


def exchange(therapist_id: int, now: datetime) -> bool:
    """Exchange with one account; return whether nothing is left to do for the next round.

    Raises:
        ServerProblemError: the account cannot be asked; what was known of it stays as it was.
    """
    found = store.account(therapist_id)
    if found is None:
        return True
    account, places = found
    known = account.therapist_id, account.address, account.user_name
    try:
        password = passwords.unseal(account.sealed_password, account.key_id, *known)
    except passwords.UnreadablePasswordError:
        raise ServerProblemError("no_key") from None
    with Server(account.address, account.user_name, password) as server:
        done = [_exchange_calendar(server, account, place, now) for place in places]
    return all(done)


def _exchange_calendar(server: Server, account: Account, place: Place, now: datetime) -> bool:
    """Exchange with one calendar and note what is wrong with it; return whether nothing is left to do."""
    written = store.written_events(place)
    is_done, problem = True, None
    try:
        if place.is_outgoing or written:
            wanted = store.wanted_sessions(account) if place.is_outgoing else {}
            is_done = Outgoing(server, account, place, now).bring(wanted, written)
        if place.is_busy:
            busy.take_in(server, account, place, now)
    except ServerProblemError as met:
        if met.code in OF_THE_SERVER:
            raise
        problem = met.code
    store.note_calendar(place, problem)
    return is_done


class Outgoing:
    """Brings the sessions of a therapist into one calendar of theirs."""

    def __init__(self, server: Server, account: Account, place: Place, now: datetime) -> None:
        self.server = server
        self.account = account
        self.place = place
        self.now = now
        self.left = MOST_WRITES

    def bring(self, wanted: dict[int, Wanted], written: list[Written]) -> bool:
        """Bring the calendar to what is wanted, as far as nobody changed it there; return whether that is done."""
        tags = dav.tags(self.server, self.place.url)
        known = {each.appointment_id for each in written}
        for each in written:
            if not self._may_go_on():
                return False
            self._settle(each, wanted.get(each.appointment_id), tags.get(self._name(each)))
        for one in wanted.values():
            if one.appointment_id in known:
                continue
            if not self._may_go_on():
                return False
            claimed = store.claim(self.account, self.place, one)
            self._settle(claimed, one, tags.get(self._name(claimed)))
        store.forget_old(self.place, self.now)
        return True

    def _may_go_on(self) -> bool:
        return self.left > 0 and self.server.may_go_on

    def _settle(self, written: Written, wanted: Wanted | None, outside: str | None) -> None:
        step = rules.step(written, wanted, outside, self.now)
        if step is Step.LEAVE:
            return
        self.left -= 1
        if step is Step.FORGET:
            store.forget(written)
        elif step is Step.REMOVE:
            if dav.delete(self.server, self._url(written), outside or ""):
                store.forget(written)
        elif step is Step.PROPOSE:
            store.propose(written, Theirs("cancelled"), rules.GONE)
        elif wanted is not None and step is Step.WRITE:
            self._write(written, wanted, outside)
        elif wanted is not None and outside is not None:
            self._look(written, wanted, outside)

    def _write(self, written: Written, wanted: Wanted, outside: str | None) -> None:
        """Write a session; when somebody changed it there in this moment, the next round looks at that."""
        event = resource(
            FeedEvent(
                uid=self._uid(written),
                starts_at=wanted.starts_at,
                ends_at=wanted.ends_at,
                title=wanted.title,
                sequence=wanted.version,
                status=wanted.status,
                last_modified=wanted.changed_at,
            )
        )
        is_written, tag = dav.put(self.server, self._url(written), event, outside)
        if is_written:
            store.note(written, wanted.times, tag, wanted.says)

    def _look(self, written: Written, wanted: Wanted, tag: str) -> None:
        """Look at what stands there instead of what was written, and propose it when it is another time, or none.

        Changed once more since it was listed, it has another tag in the next round, which looks again.
        """
        found = dav.content(self.server, self._url(written))
        if found is None:
            return
        theirs = read_theirs(found, self._uid(written), self.account.zone, self.now)
        if rules.is_changed(written, wanted, theirs):
            store.propose(written, theirs, tag)
        else:
            store.note(written, theirs.times or wanted.times, tag, rules.says_now(written, wanted, theirs))

    def _uid(self, written: Written) -> str:
        return rules.uid_of(self.account.uid_secret, written.appointment_id)

    def _name(self, written: Written) -> str:
        return rules.name_of(self._uid(written))

    def _url(self, written: Written) -> str:
        return urljoin(f"{self.place.url.rstrip('/')}/", self._name(written))


def read_theirs(content: bytes, uid: str, zone: str, now: datetime) -> Theirs:
    """Return what an event says that somebody else may have written, read in a confined process."""
    try:
        found = reading.read(content, now - YEARS, now + YEARS, zone)
    except CalendarRefusedError:
        return Theirs("unclear")
    codes = {each.code for each in found.set_aside} - HARMLESS
    if len(found.busy) == 1 and not codes:
        [one] = found.busy
        if one.uid == uid and one.recurrence_id is None and not one.is_all_day:
            return Theirs("times", (one.starts_at, one.ends_at))
    return Theirs("cancelled") if not found.busy and codes == {Code.CANCELLED} else Theirs("unclear")
