"""What is done to patient files: open one, change one, note a guardian. One transaction each."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dashboard import clock
from dashboard.access.actor import (
    Actor,
    ChangedSinceError,
    NotFoundError,
    Role,
    RuleBrokenError,
    transaction,
)
from dashboard.patients import rules
from dashboard.patients.models import (
    CUSTODIES,
    ID_KINDS,
    MARITAL_STATUSES,
    SEXES,
    Coverage,
    Guardian,
    Patient,
    Payer,
)
from dashboard.patients.queries import is_visible_to

LATEST = "Pacific/Kiritimati"
"""Where a day begins first: nobody anywhere was born after today there."""
WRITERS: tuple[Role, ...] = ("manager", "front_desk", "therapist")
TEXTS = (
    "given_name surname_1 surname_2 gender profession address_line postal_code city region country telephone email"
    " id_value emergency_name emergency_relation emergency_telephone referral_source"
).split()
CHOICES = {
    "sex": SEXES,
    "marital_status": MARITAL_STATUSES,
    "status": ("waiting", "active"),
    "id_kind": (*ID_KINDS, None),
    "pays": ("self", "insurer", "guardian", "other"),
    "preferred_language": ("es", "en"),
}
EDITABLE = {*TEXTS, *CHOICES, "birth_date", "site_id", "main_therapist_id"}
GUARDIAN_TEXTS = ("given_name", "surnames", "telephone", "email")


def open_file(actor: Actor, fields: dict[str, Any]) -> int:
    """Open a patient file and return its id; a therapist becomes its main therapist.

    Raises:
        RuleBrokenError: a field is not acceptable; the sentence says which rule.
    """
    values = accepted(fields)
    if not rules.has_letters(values.get("given_name")):
        raise RuleBrokenError("A name is required.")
    if actor.role == "therapist":
        values["main_therapist_id"] = actor.therapist_id
    _check_identification(values, None, None)
    with transaction(actor, *WRITERS) as session:
        patient = Patient(**values)
        session.add(patient)
        session.flush()
        return patient.id


def change_file(actor: Actor, patient_id: int, version: int, fields: dict[str, Any]) -> None:
    """Change ``fields`` of a file that is still at ``version``.

    Raises:
        NotFoundError: there is no such file for this person.
        ChangedSinceError: somebody else changed it since it was read.
        RuleBrokenError: a field is not acceptable; the sentence says which rule.
    """
    values = accepted(fields)
    if "given_name" in values and not rules.has_letters(values["given_name"]):
        raise RuleBrokenError("A name is required.")
    with transaction(actor, *WRITERS) as session:
        patient = file_at_version(session, actor, patient_id, version)
        if "status" in values and patient.is_closed:
            raise RuleBrokenError("The file is closed. Reopen it first.")
        _check_identification(values, patient.id_kind, patient.id_value)
        for name, value in values.items():
            setattr(patient, name, value)


def accepted(fields: dict[str, Any]) -> dict[str, Any]:
    """Return ``fields`` as the file keeps them: cleaned texts, normal telephone numbers and identification numbers.

    Raises:
        RuleBrokenError: a value cannot be accepted.
    """
    if not set(fields) <= EDITABLE:
        raise RuleBrokenError("This field cannot be changed here.")
    texts = _cleaned(Patient, {name: value for name, value in fields.items() if name in TEXTS})
    values: dict[str, Any] = {**fields, **texts}
    for name, allowed in CHOICES.items():
        if name in values and values[name] not in allowed:
            raise RuleBrokenError("This choice is not on the list.")
    _check_contact(values)
    _check_birth_date(values.get("birth_date"))
    if values.get("id_value"):
        values["id_value"] = rules.normal_identification(values["id_value"])
    return values


def _cleaned(kept_in: type[Patient | Guardian | Coverage], texts: dict[str, Any]) -> dict[str, str | None]:
    """Return texts as they are kept; one that does not fit is refused before anything reads it closely."""
    columns = kept_in.__table__.columns
    cleaned = {}
    for name, text in texts.items():
        longest: int = getattr(columns[name].type, "length", 0)
        if text and len(text) > 2 * longest:
            raise RuleBrokenError("A text is too long.")
        cleaned[name] = rules.cleaned(text)
        if len(cleaned[name] or "") > longest:
            raise RuleBrokenError("A text is too long.")
    return cleaned


def _check_contact(values: dict[str, Any]) -> None:
    country = values.get("country") or "ES"
    for name in ("telephone", "emergency_telephone"):
        if values.get(name):
            if not rules.is_telephone(values[name], country):
                raise RuleBrokenError("This is not a telephone number.")
            values[name] = rules.normal_telephone(values[name], country)
    if values.get("email") and not rules.is_email(values["email"]):
        raise RuleBrokenError("This is not an e-mail address.")
    if values.get("postal_code") and not rules.is_postal_code(values["postal_code"], values.get("country")):
        raise RuleBrokenError("This is not a postal code of that country.")


def _check_birth_date(birth_date: date | None) -> None:
    if birth_date is not None and not rules.is_birth_date(birth_date, clock.today(LATEST)):
        raise RuleBrokenError("Nobody alive can be born on that day.")


def _check_identification(values: dict[str, Any], kind: str | None, value: str | None) -> None:
    """Refuse an identification number that does not fit its kind, where either was changed."""
    if not {"id_kind", "id_value"} & set(values):
        return
    kind, value = values.get("id_kind", kind), values.get("id_value", value)
    if not value:
        return
    if not kind:
        raise RuleBrokenError("Say what kind of identification number this is.")
    if not rules.is_identification(kind, value):
        raise RuleBrokenError("This identification number is not well formed for its kind.")


def file_at_version(session: Session, actor: Actor, patient_id: int, version: int) -> Patient:
    """Return a file to change, locked, as it was read at ``version``.

    Raises:
        NotFoundError: there is no such file for this person.
        ChangedSinceError: somebody else changed it since it was read.
        RuleBrokenError: it was merged into another.
    """
    asked = select(Patient).where(Patient.id == patient_id, is_visible_to(actor)).with_for_update()
    found = session.scalars(asked).one_or_none()
    if found is None:
        raise NotFoundError("Not found.")
    if found.status == "merged":
        raise RuleBrokenError("This file was merged into another. Undo that first.")
    if found.version != version:
        raise ChangedSinceError
    return found


def file_of(session: Session, actor: Actor, patient_id: int) -> Patient:
    """Return a file to add something to.

    Raises:
        NotFoundError: there is no such file for this person.
    """
    found = session.scalars(select(Patient).where(Patient.id == patient_id, is_visible_to(actor))).one_or_none()
    if found is None:
        raise NotFoundError("Not found.")
    return found


def note_guardian(actor: Actor, patient_id: int, guardian_id: int | None, fields: dict[str, Any]) -> int:
    """Add a guardian to a file, or change one of it; return the guardian's id.

    Args:
        actor: Who does it.
        patient_id: The minor's file.
        guardian_id: The guardian to change; nothing adds one.
        fields: given_name, surnames, relation, has_authority, custody, telephone, email.

    Raises:
        NotFoundError: there is no such file or guardian for this person.
        RuleBrokenError: a field is not acceptable.
    """
    texts = _cleaned(Guardian, {name: fields.get(name) for name in GUARDIAN_TEXTS})
    if not rules.has_letters(texts["given_name"]):
        raise RuleBrokenError("A name is required.")
    if fields["relation"] not in {"mother", "father", "tutor", "other"} or fields["custody"] not in CUSTODIES:
        raise RuleBrokenError("This choice is not on the list.")
    _check_contact(texts)
    with transaction(actor, *WRITERS) as session:
        file_of(session, actor, patient_id)
        guardian = Guardian(patient_id=patient_id) if guardian_id is None else session.get(Guardian, guardian_id)
        if guardian is None or guardian.patient_id != patient_id:
            raise NotFoundError("Not found.")
        for name, value in {**texts, **{key: fields[key] for key in ("relation", "has_authority", "custody")}}.items():
            setattr(guardian, name, value)
        session.add(guardian)
        session.flush()
        return guardian.id


def note_coverage(actor: Actor, patient_id: int, coverage_id: int | None, fields: dict[str, Any]) -> int:
    """Note who else pays for a patient, or change it; return the coverage's id.

    Args:
        actor: Who does it.
        patient_id: The patient's file.
        coverage_id: The coverage to change; nothing adds one.
        fields: payer_id, policy_number, valid_from, valid_until.

    Raises:
        NotFoundError: there is no such file or coverage for this person.
        RuleBrokenError: a field is not acceptable.
    """
    policy = _cleaned(Coverage, {"policy_number": fields.get("policy_number")})
    starts, ends = fields["valid_from"], fields.get("valid_until")
    if starts is None or (ends is not None and ends < starts):
        raise RuleBrokenError("It begins on a day, and ends on that day or later.")
    with transaction(actor, *WRITERS) as session:
        file_of(session, actor, patient_id)
        coverage = Coverage(patient_id=patient_id) if coverage_id is None else session.get(Coverage, coverage_id)
        if coverage is None or coverage.patient_id != patient_id or session.get(Payer, fields["payer_id"]) is None:
            raise NotFoundError("Not found.")
        coverage.payer_id, coverage.policy_number = fields["payer_id"], policy["policy_number"]
        coverage.valid_from, coverage.valid_until = starts, ends
        session.add(coverage)
        session.flush()
        return coverage.id
