"""Patients' keys: made at the first text, read from the database at every use, unwrapped in this process's memory."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from dashboard.clinical.errors import KeyMissingError
from dashboard.clinical.keyring import keyring
from dashboard.clinical.models import PatientKey
from dashboard.clinical.sealing import DataKey, new_secret, wrap
from dashboard.clinical.unsealing import key_id_of, unseal, unseal_bytes, unwrap

_KEYS: Any = select(PatientKey.id, PatientKey.patient_id, PatientKey.wrapped, PatientKey.master_id)
NEXT_ID = text("select nextval(pg_get_serial_sequence(:table, 'id'))")


def next_id(session: Session, table: str) -> int:
    """Return a number for a new row: a text is sealed for its row before the row is written."""
    return int(session.execute(NEXT_ID, {"table": table}).scalar_one())


def key_of_patient(session: Session, patient_id: int, purpose: str = "clinical") -> DataKey:
    """Return a patient's key for a purpose to seal with, a new one where there is none.

    Raises:
        KeyMissingError: no master key is configured, or not the one of this key.
    """
    row = _present(session, patient_id, purpose)
    if row is None:
        key = DataKey(next_id(session, PatientKey.__tablename__), patient_id, new_secret())
        master = keyring().newest
        session.execute(
            insert(PatientKey)
            .values(id=key.id, patient_id=patient_id, purpose=purpose, wrapped=wrap(master, key), master_id=master.id)
            .on_conflict_do_nothing()
        )
        row = _present(session, patient_id, purpose)
    if row is None:
        raise KeyMissingError("No key can be made for this patient.")
    return _unwrapped(row)


def _present(session: Session, patient_id: int, purpose: str) -> Row[Any] | None:
    asked = _KEYS.where(
        PatientKey.patient_id == patient_id, PatientKey.purpose == purpose, PatientKey.destroyed_at.is_(None)
    )
    found: Row[Any] | None = session.execute(asked).first()
    return found


def _unwrapped(row: Row[Any]) -> DataKey:
    return unwrap(keyring().find(row.master_id), row.wrapped, row.id, row.patient_id)


class Opener:
    """Opens sealed texts within one transaction; each key is asked for once."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._rows: dict[int, Row[Any]] = {}

    def prepare(self, blobs: list[bytes]) -> None:
        """Fetch the keys of many texts with one question."""
        ids = {key_id_of(blob) for blob in blobs} - self._rows.keys()
        if ids:
            self._rows |= {row.id: row for row in self._session.execute(_KEYS.where(PatientKey.id.in_(ids)))}

    def is_erased(self, blob: bytes) -> bool:
        """Whether the key of a text was destroyed, and the text erased with it."""
        self.prepare([blob])
        row = self._rows.get(key_id_of(blob))
        return row is not None and row.wrapped is None

    def open(self, blob: bytes, table: str, row_id: int, patient_id: int) -> dict[str, str]:
        """Return the texts sealed at a row.

        Raises:
            KeyMissingError: the key is not there, was destroyed, or is not this person's to use.
            WrongKeyError: the master key is not the one that wrapped the patient's key.
            TamperedError: the text was changed, or moved here from another row or patient.
        """
        return unseal(self._key(blob, patient_id), blob, row_id, table)

    def open_bytes(self, blob: bytes, table: str, row_id: int, patient_id: int) -> bytes:
        """Return the content sealed at a row; refuses what ``open`` refuses."""
        return unseal_bytes(self._key(blob, patient_id), blob, row_id, table)

    def _key(self, blob: bytes, patient_id: int) -> DataKey:
        self.prepare([blob])
        row = self._rows.get(key_id_of(blob))
        if row is None:
            raise KeyMissingError("The key of this text is not there.")
        key = _unwrapped(row)
        return DataKey(key.id, patient_id, key.secret)


def destroy_key(session: Session, patient_id: int) -> int:
    """Destroy a patient's keys, in a transaction of the owner, and return how many there were.

    Every text sealed with it is unreadable from then on, in copies of the database too.
    """
    found = session.scalars(
        select(PatientKey).where(PatientKey.patient_id == patient_id, PatientKey.destroyed_at.is_(None))
    ).all()
    for row in found:
        row.wrapped, row.destroyed_at = None, func.now()
    session.flush()
    return len(found)
