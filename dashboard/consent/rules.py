"""Rules of consent: who must sign, and until when a consent holds. Pure decisions, no database.

Ages are Spain's: the minor signs treatment from 16 (Ley 41/2002, article 9) and data protection from 14
(Ley Orgánica 3/2018, article 7). The dbt macro ``own_signature_from`` states the same for past days and lists.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

ADULT_AGE = 18
OWN_SIGNATURE_AGE = {"data_protection": 14}
OWN_SIGNATURE_AGE_OTHERWISE = 16
UNSIGNED_STATES = ("requested", "viewed")


@dataclass(frozen=True)
class Signer:
    """Somebody who must sign: the patient when ``guardian_id`` is nothing."""

    guardian_id: int | None


def birthday(birth_date: date, age: int) -> date:
    """Return the day somebody turns ``age``; born on 29 February means 28 February in other years."""
    year = birth_date.year + age
    return birth_date.replace(year=year, day=min(birth_date.day, calendar.monthrange(year, birth_date.month)[1]))


def required_signers(
    signed_by: str, kind: str, birth_date: date | None, guardians_with_authority: Iterable[int], day: date
) -> list[Signer]:
    """Return who must sign on ``day``.

    Args:
        signed_by: The template's rule: ``patient``, ``guardians`` or ``both``.
        kind: The kind of consent; it decides from which age a minor signs too.
        birth_date: The patient's; unknown counts as adult.
        guardians_with_authority: Ids of every guardian who holds parental authority.
        day: The day of the signature.
    """
    patient = Signer(None)
    if birth_date is None or signed_by == "patient" or birthday(birth_date, ADULT_AGE) <= day:
        return [patient]
    signers = [Signer(guardian) for guardian in guardians_with_authority]
    age = ADULT_AGE if signed_by == "guardians" else OWN_SIGNATURE_AGE.get(kind, OWN_SIGNATURE_AGE_OTHERWISE)
    return [patient, *signers] if birthday(birth_date, age) <= day else signers


def needs_guardian(signed_by: str, birth_date: date | None, day: date) -> bool:
    """Return whether at least one guardian must sign, whoever holds authority."""
    return signed_by != "patient" and birth_date is not None and day < birthday(birth_date, ADULT_AGE)


def may_sign(required: Iterable[Signer], guardians: Iterable[int], *, guardian_needed: bool) -> list[Signer]:
    """Return whose signature is accepted: those required, and any guardian where none is known to hold authority."""
    asked = list(required)
    if guardian_needed and all(signer.guardian_id is None for signer in asked):
        asked.extend(Signer(guardian) for guardian in guardians)
    return asked


def is_complete(required: Iterable[Signer], signed: Iterable[Signer], *, guardian_needed: bool) -> bool:
    """Return whether everybody who must has signed; where no authority is known, some guardian must have."""
    given = set(signed)
    has_guardian = any(signer.guardian_id is not None for signer in given)
    return bool(given) and set(required) <= given and (has_guardian or not guardian_needed)


def valid_until(signed_on: date, validity_months: int | None) -> date | None:
    """Return the last day of validity, or nothing when the template sets no end."""
    if validity_months is None:
        return None
    months = signed_on.month - 1 + validity_months
    year, month = signed_on.year + months // 12, months % 12 + 1
    return date(year, month, min(signed_on.day, calendar.monthrange(year, month)[1]))
