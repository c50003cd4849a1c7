"""Prints everything that is handed out about a person, in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from dashboard.clinical import pdf
from dashboard.clinical.handing_out import HandedHistory, HandedNote
from dashboard.record.export import Record
from dashboard.ui import (
    agenda_words,
    audit_words,
    billing_words,
    clinical_print,
    file_documents,
    file_form,
    file_status,
    file_team,
    formats,
    words,
)
from dashboard.ui.language import _
from dashboard.ui.navigation import role_name

PERSON = tuple(name for names in file_form.GROUPS.values() for name in names if not name.endswith("_id"))


def document(record: Record) -> bytes:
    """Return the PDF."""
    person = record.held["person"][0]
    name = " ".join(part for part in (person["given_name"], person["surname_1"], person["surname_2"]) if part)
    about = _("File {number}. Everything held about this person, {moment}.").format(
        number=person["number"], moment=formats.moment(record.made_at)
    )
    return pdf.document(f"{formats.practice().name} · {name}", about, list(_blocks(record)))


def _blocks(record: Record) -> Iterable[pdf.Block]:
    held = record.held
    yield pdf.Block(
        _("Person"), "", [_line(file_form.label(name), _person(held["person"][0], name)) for name in PERSON]
    )
    yield _listed(_("Guardians"), held["guardians"], _guardian)
    yield _listed(_("Who pays"), held["coverages"], _coverage)
    yield _listed(_("Episodes of care"), held["episodes"], _episode)
    yield _listed(_("Care team"), held["care_team"], _member)
    yield _listed(_("Sessions"), held["sessions"], _session)
    yield _listed(_("Consents"), held["consents"], _consent)
    if "invoices" in held:
        yield _listed(_("Invoices"), held["invoices"], _invoice)
        yield _listed(_("Payments"), held["payments"], _payment)
    for history in record.clinical.histories:
        yield _history(history)
    for note in record.clinical.notes:
        yield _note(note)
    papers = [(file_documents.kinds()[found.kind], found.paper.name) for found in record.clinical.documents]
    yield pdf.Block(_("Documents"), "", papers)
    yield _listed(_("Who opened the file"), held["accesses"], _access)


def _listed(title: str, rows: list[dict[str, Any]], told: Any) -> pdf.Block:
    return pdf.Block(title, "" if rows else _("Nothing."), [told(row) for row in rows])


def _line(title: str, value: Any) -> tuple[str, str]:
    return title, str(value) if value not in (None, "") else "–"


def _joined(*parts: object) -> str:
    return " · ".join(str(part) for part in parts if part not in (None, "", "–"))


def _person(row: Mapping[str, Any], name: str) -> Any:
    known: dict[str, Mapping[Any, str]] = {
        "sex": words.sexes(),
        "marital_status": words.marital_statuses(),
        "id_kind": words.identification_kinds(),
        "pays": words.payers(),
    }
    value = row[name]
    if name in known:
        return known[name].get(value, value)
    return formats.day(value) if isinstance(value, date) else value


def _guardian(row: Mapping[str, Any]) -> tuple[str, str]:
    name = _joined(row["given_name"], row["surnames"]).replace(" · ", " ")
    return words.relations()[row["relation"]], _joined(name, row["telephone"], row["email"], row["id_value"])


def _coverage(row: Mapping[str, Any]) -> tuple[str, str]:
    period = _joined(formats.day(row["valid_from"]), formats.day(row["valid_until"]))
    return str(row["payer"]), _joined(row["policy_number"], period)


def _episode(row: Mapping[str, Any]) -> tuple[str, str]:
    return formats.day(row["opened_on"]), _joined(
        formats.day(row["discharged_on"]), file_status.reasons().get(row["reason"], "")
    )


def _member(row: Mapping[str, Any]) -> tuple[str, str]:
    period = _joined(formats.day(row["valid_from"]), formats.day(row["valid_until"]))
    return str(row["therapist"]), _joined(file_team.kinds().get(row["kind"], row["kind"]), period, row["reason"])


def _session(row: Mapping[str, Any]) -> tuple[str, str]:
    told = _joined(agenda_words.state_name(row["state"]), row["service"], row["therapist"])
    return formats.moment(row["starts_at"]), told


def _consent(row: Mapping[str, Any]) -> tuple[str, str]:
    state = words.consent_states().get(row["state"], row["state"])
    return str(row["title"]), _joined(state, formats.day(row["signed_on"]), formats.day(row["valid_until"]))


def _invoice(row: Mapping[str, Any]) -> tuple[str, str]:
    return f"{row['series']}-{row['number']}", _joined(formats.day(row["issued_on"]), formats.cents(row["total_cents"]))


def _payment(row: Mapping[str, Any]) -> tuple[str, str]:
    method = billing_words.methods().get(row["method"], row["method"])
    return formats.day(row["received_on"]), _joined(method, formats.cents(row["amount_cents"]))


def _access(row: Mapping[str, Any]) -> tuple[str, str]:
    who = _joined(row["person"], role_name(row["role"]) if row["role"] else "")
    what = _joined(audit_words.operations()[row["operation"]], audit_words.subject(row["what"]))
    return formats.moment(row["at"]), _joined(who, what)


def _history(history: HandedHistory) -> pdf.Block:
    about = clinical_print.written(history.version, history.author, history.written_at)
    return clinical_print.history(history.sections, about)


def _note(note: HandedNote) -> pdf.Block:
    about = _joined(note.author, clinical_print.signed(note.signed_at))
    return clinical_print.note(note.session_at, about, note.template_code, note.sections, note.subjective, note.addenda)
