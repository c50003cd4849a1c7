"""Seals: bound to their place and key; what cannot be opened gives a clear error and no text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.clinical import sealing, unsealing
from dashboard.clinical.errors import KeyMissingError, SealError, TamperedError, WrongKeyError
from dashboard.clinical.sealing import DataKey, MasterKey, Place, new_secret, seal, wrap
from dashboard.clinical.unsealing import key_id_of, unseal, unwrap

KEY = DataKey(7, 11, new_secret())
TEXTS = {"assessment": "Quokka"}


@given(st.dictionaries(st.text(), st.text(max_size=200), max_size=5), st.integers(1, 2**62))
def test_what_is_sealed_is_opened_again_at_its_own_place(texts: dict[str, str], row: int) -> None:
    assert unseal(KEY, seal(KEY, texts, row, "session_note"), row, "session_note") == texts


def test_a_seal_names_its_version_and_key_and_hides_the_text() -> None:
    blob = seal(KEY, TEXTS, 1, "session_note")
    assert (blob[0], key_id_of(blob)) == (1, 7)
    assert b"Quokka" not in blob
    assert seal(KEY, TEXTS, 1, "session_note") != blob


@pytest.mark.parametrize(
    ("patient", "row", "table"),
    [(12, 1, "session_note"), (11, 2, "session_note"), (11, 1, "session_note.subjective"), (11, 1, "note_addendum")],
)
def test_a_text_moved_to_another_place_is_noticed(patient: int, row: int, table: str) -> None:
    blob = seal(KEY, TEXTS, 1, "session_note")
    with pytest.raises(TamperedError):
        unseal(DataKey(KEY.id, patient, KEY.secret), blob, row, table)


def test_without_the_place_in_the_seal_the_move_would_not_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Place, "bound", lambda *_: b"")
    blob = seal(KEY, TEXTS, 1, "session_note")
    assert unseal(DataKey(KEY.id, 12, KEY.secret), blob, 2, "note_addendum") == TEXTS


def test_every_changed_byte_and_every_cut_is_noticed() -> None:
    blob = seal(KEY, TEXTS, 1, "session_note")
    spoiled = [blob[:at] + bytes([blob[at] ^ 1]) + blob[at + 1 :] for at in range(len(blob))]
    for wrong in (*spoiled, *(blob[:length] for length in range(len(blob))), blob + b"\0"):
        with pytest.raises(TamperedError) as caught:
            unseal(KEY, wrong, 1, "session_note")
        assert "Quokka" not in str(caught.value)


def test_another_key_does_not_open_it() -> None:
    with pytest.raises(TamperedError):
        unseal(DataKey(7, 11, new_secret()), seal(KEY, TEXTS, 1, "session_note"), 1, "session_note")


def test_a_patients_key_is_bound_to_the_patient_and_to_its_master_key() -> None:
    master, other = MasterKey(new_secret()), MasterKey(new_secret())
    wrapped = wrap(master, KEY)
    assert unwrap(master, wrapped, 7, 11) == KEY
    for wrong in ((other, wrapped, 7, 11), (master, wrapped, 7, 12), (master, wrapped, 8, 11)):
        with pytest.raises(WrongKeyError):
            unwrap(*wrong)
    for missing in ((None, wrapped, 7, 11), (master, None, 7, 11)):
        with pytest.raises(KeyMissingError):
            unwrap(*missing)


def test_no_key_is_in_what_an_object_says_of_itself() -> None:
    master = MasterKey(b"k" * 32)
    assert "kkk" not in repr(master) + repr(DataKey(1, 2, b"k" * 32))
    assert len(master.id) == 16


def test_unwrapped_keys_are_kept_in_bounded_number() -> None:
    assert unsealing._unwrapped.cache_parameters()["maxsize"] == unsealing.KEYS_KEPT
    assert issubclass(TamperedError, SealError)
    assert sealing.NONCE_BYTES * 8 == 96
