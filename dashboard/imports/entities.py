"""What an import can bring: each entity's fields, what they refer to, and the table they go to.

A mapping may use these names and no others. Order matters: an entity comes after those it refers to.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["text", "date", "timestamp", "amount", "integer", "choice", "reference"]
# What is put after an entity's name for a row made up because others refer to it and the export leaves it out.
STAND_IN = "_stand_in"
SQL_TYPES = {"date": "date", "timestamp": "timestamptz", "amount": "bigint", "integer": "integer"}


@dataclass(frozen=True)
class Field:
    """One field: how its cell is read, how long it may be, what it refers to and the column it fills.

    What nobody can change here (``is_editable``) says nothing about whether a person changed the row.
    """

    kind: Kind = "text"
    longest: int = 200
    is_required: bool = False
    choices: tuple[str, ...] = ()
    entity: str = ""
    if_missing: Literal["set_aside", "leave_empty"] = "set_aside"
    column: str = ""
    fallback: str = ""
    is_editable: bool = True

    @property
    def sql_type(self) -> str:
        """Return the type of the field in a draft."""
        return SQL_TYPES.get(self.kind, "text")


@dataclass(frozen=True)
class Entity:
    """One entity: its table and fields; money is only ever added, everything else may be updated."""

    table: str
    fields: dict[str, Field] = field(default_factory=dict)
    is_money: bool = False
    ordered: tuple[str, str] | None = None

    @property
    def references(self) -> dict[str, Field]:
        """Return the fields that name another row."""
        return {name: spec for name, spec in self.fields.items() if spec.kind == "reference"}


def _text(longest: int = 200, *, required: bool = False, fallback: str = "") -> Field:
    return Field("text", longest, required, fallback=fallback)


def _choice(*choices: str, required: bool = False, fallback: str = "") -> Field:
    return Field("choice", 30, required, choices, fallback=fallback)


def _ref(entity: str, column: str = "", *, required: bool = False, lenient: bool = False) -> Field:
    missing: Literal["set_aside", "leave_empty"] = "leave_empty" if lenient else "set_aside"
    return Field("reference", 200, required, entity=entity, if_missing=missing, column=column or f"{entity}_id")


def _required(kind: Kind) -> Field:
    return Field(kind, is_required=True)


ADDRESS = {
    "address_line": _text(300),
    "postal_code": _text(20),
    "city": _text(120),
    "region": _text(120),
    "telephone": _text(60),
}
SEXES = ("female", "male", "intersex", "unknown")
MARITAL = ("single", "married", "partnered", "separated", "divorced", "widowed", "unknown")
STATES = ("booked", "confirmed", "attended", "no_show", "late_cancelled", "cancelled")
METHODS = ("cash", "card", "transfer", "bizum", "direct_debit", "insurer_remittance", "cheque", "copayment", "other")

ENTITIES: dict[str, Entity] = {
    "site": Entity(
        "site",
        {
            "name": _text(200, required=True),
            **ADDRESS,
            "country": _text(2, required=True),
            "time_zone": _text(60, required=True),
        },
    ),
    "therapist": Entity(
        "therapist",
        {
            "given_name": _text(120, required=True),
            "surnames": _text(200, fallback="''"),
            "speciality": _text(120),
            "email": _text(254),
            "telephone": _text(60),
            "site": _ref("site", lenient=True),
        },
    ),
    "service": Entity(
        "service",
        {
            "name": _text(200, required=True),
            "kind": _choice("individual", "couple", "family", "group", "report", "other", required=True),
            "minutes": Field("integer", is_required=True),
            "price_cents": _required("amount"),
        },
    ),
    "payer": Entity(
        "payer",
        {
            "name": _text(200, required=True),
            "kind": _choice("insurer", "public", "company", "school", "other", fallback="'insurer'"),
            **ADDRESS,
        },
    ),
    "patient": Entity(
        "patient",
        {
            "given_name": _text(120, required=True),
            "surname_1": _text(120),
            "surname_2": _text(120),
            "birth_date": Field("date"),
            "died_on": Field("date"),
            "sex": _choice(*SEXES, fallback="'unknown'"),
            "profession": _text(120),
            "marital_status": _choice(*MARITAL, fallback="'unknown'"),
            **ADDRESS,
            "country": _text(2),
            "email": _text(254),
            "id_kind": _choice("nif", "nie", "passport", "ssn", "other"),
            "id_value": _text(60),
            "status": _choice("waiting", "active", "discharged", "archived", fallback="'active'"),
            "preferred_language": _text(5, fallback="'es'"),
        },
        ordered=("birth_date", "died_on"),
    ),
    "coverage": Entity(
        "coverage",
        {
            "patient": _ref("patient", required=True),
            "payer": _ref("payer", required=True),
            "policy_number": _text(80),
            "valid_from": _required("date"),
            "valid_until": Field("date"),
        },
        ordered=("valid_from", "valid_until"),
    ),
    "appointment": Entity(
        "appointment",
        {
            "patient": _ref("patient", column="-", required=True),
            "therapist": _ref("therapist", required=True),
            "site": _ref("site", required=True),
            "service": _ref("service", required=True),
            "starts_at": _required("timestamp"),
            "ends_at": Field("timestamp"),
            "time_of_day": Field("choice", 30, choices=("known", "unknown"), column="-"),
            "booked_at": Field("timestamp", is_editable=False),
            "mode": _choice("in_person", "online", "telephone", fallback="'in_person'"),
            "state": _choice(*STATES),
            "fee_cents": Field("amount"),
        },
        ordered=("starts_at", "ends_at"),
    ),
    "invoice": Entity(
        "invoice",
        {
            "patient": _ref("patient", required=True),
            "payer": _ref("payer", lenient=True),
            "issued_on": _required("date"),
        },
        is_money=True,
    ),
    "charge": Entity(
        "charge",
        {
            "patient": _ref("patient", required=True),
            "invoice": _ref("invoice", required=True),
            "appointment": _ref("appointment", lenient=True),
            "kind": _choice("session", "late_cancellation", "no_show", "procedure", "other", required=True),
            "description": _text(200),
            "charged_on": _required("date"),
            "amount_cents": _required("amount"),
        },
        is_money=True,
    ),
    "payment": Entity(
        "payment",
        {
            "patient": _ref("patient", required=True),
            "invoice": _ref("invoice", lenient=True),
            "method": _choice(*METHODS, required=True),
            "amount_cents": _required("amount"),
            "received_on": _required("date"),
            "reference": _text(80),
        },
        is_money=True,
    ),
}
