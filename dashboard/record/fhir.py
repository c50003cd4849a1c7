"""What is held about a person as a FHIR R4 bundle: one resource for each record that has one there."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from dashboard.clinical.handing_out import ClinicalRecord, HandedDocument
from dashboard.record.holdings import Rows

Resource = dict[str, Any]

SEX = {"female": "female", "male": "male", "intersex": "other"}
ENCOUNTER = {
    "held": "planned",
    "booked": "planned",
    "confirmed": "planned",
    "attended": "finished",
    "no_show": "cancelled",
    "cancelled": "cancelled",
    "late_cancelled": "cancelled",
}
CONSENT = {"signed": "active", "declined": "rejected", "requested": "proposed", "viewed": "proposed"}
RELATION = {"mother": "MTH", "father": "FTH", "tutor": "GUARD", "other": "PRN"}
VIRTUAL = {"online": "VR", "telephone": "VR"}
ACT = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
ROLE = "http://terminology.hl7.org/CodeSystem/v3-RoleCode"


def bundle(held: dict[str, Rows], record: ClinicalRecord, made_at: datetime) -> Resource:
    """Return the bundle (type ``collection``); what FHIR R4 has no resource for is in ``record.json`` alone."""
    person = held["person"][0]
    subject = {"reference": f"Patient/{person['id']}"}
    resources = [_patient(person)]
    for part in (_guardians, _coverages, _episodes, _encounters, _consents, _invoices, _accesses):
        resources += part(held, subject)
    resources += [*_clinical(record, subject), *_documents(record, subject)]
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "timestamp": _at(made_at),
        "entry": [{"resource": _without_gaps(resource)} for resource in resources],
    }


def _at(value: date | datetime | None) -> str | None:
    return value.isoformat() if value else None


def _without_gaps(value: Any) -> Any:
    """Return ``value`` without what is empty, which FHIR does not allow."""
    if isinstance(value, dict):
        kept = {key: _without_gaps(part) for key, part in value.items()}
        return {key: part for key, part in kept.items() if part not in (None, "", [], {})}
    if isinstance(value, list):
        return [part for part in map(_without_gaps, value) if part not in (None, "", [], {})]
    return value


def _telecom(telephone: str | None, email: str | None) -> list[Resource]:
    given = (("phone", telephone), ("email", email))
    return [{"system": system, "value": value} for system, value in given if value]


def _patient(row: dict[str, Any]) -> Resource:
    return {
        "resourceType": "Patient",
        "id": str(row["id"]),
        "identifier": [
            {"type": {"text": "file"}, "value": str(row["number"])},
            {"type": {"text": row["id_kind"] or "other"}, "value": row["id_value"]} if row["id_value"] else None,
        ],
        "active": row["status"] in {"waiting", "active"},
        "name": [
            {
                "family": " ".join(part for part in (row["surname_1"], row["surname_2"]) if part),
                "given": [row["given_name"]],
            }
        ],
        "telecom": _telecom(row["telephone"], row["email"]),
        "gender": SEX.get(row["sex"], "unknown"),
        "birthDate": _at(row["birth_date"]),
        "deceasedDateTime": _at(row["died_on"]),
        "address": [
            {
                "line": [row["address_line"]],
                "city": row["city"],
                "state": row["region"],
                "postalCode": row["postal_code"],
                "country": row["country"],
            }
        ],
        "maritalStatus": {"text": row["marital_status"]},
        "communication": [{"language": {"text": row["preferred_language"]}}],
        "contact": [
            {
                "relationship": [{"text": row["emergency_relation"] or "emergency contact"}],
                "name": {"text": row["emergency_name"]},
                "telecom": _telecom(row["emergency_telephone"], None),
            }
        ]
        if row["emergency_name"] or row["emergency_telephone"]
        else [],
    }


def _guardians(held: dict[str, Rows], subject: Resource) -> Iterator[Resource]:
    for row in held["guardians"]:
        yield {
            "resourceType": "RelatedPerson",
            "id": str(row["id"]),
            "patient": subject,
            "relationship": [{"coding": [{"system": ROLE, "code": RELATION.get(row["relation"], "PRN")}]}],
            "name": [{"family": row["surnames"], "given": [row["given_name"]]}],
            "telecom": _telecom(row["telephone"], row["email"]),
        }


def _coverages(held: dict[str, Rows], subject: Resource) -> Iterator[Resource]:
    for row in held["coverages"]:
        yield {
            "resourceType": "Coverage",
            "id": str(row["id"]),
            "status": "active",
            "beneficiary": subject,
            "subscriberId": row["policy_number"],
            "payor": [{"display": row["payer"]}],
            "period": {"start": _at(row["valid_from"]), "end": _at(row["valid_until"])},
        }


def _episodes(held: dict[str, Rows], subject: Resource) -> Iterator[Resource]:
    for row in held["episodes"]:
        yield {
            "resourceType": "EpisodeOfCare",
            "id": str(row["id"]),
            "status": "finished" if row["discharged_on"] else "active",
            "patient": subject,
            "period": {"start": _at(row["opened_on"]), "end": _at(row["discharged_on"])},
        }


def _encounters(held: dict[str, Rows], subject: Resource) -> Iterator[Resource]:
    for row in held["sessions"]:
        yield {
            "resourceType": "Encounter",
            "id": str(row["id"]),
            "status": ENCOUNTER.get(row["state"], "unknown"),
            "class": {"system": ACT, "code": VIRTUAL.get(row["mode"], "AMB")},
            "type": [{"text": row["service"]}],
            "subject": subject,
            "participant": [{"individual": {"display": row["therapist"]}}] if row["therapist"] else [],
            "period": {"start": _at(row["starts_at"]), "end": _at(row["ends_at"])},
        }


def _consents(held: dict[str, Rows], subject: Resource) -> Iterator[Resource]:
    for row in held["consents"]:
        scope = "treatment" if row["kind"] == "treatment" else "patient-privacy"
        yield {
            "resourceType": "Consent",
            "id": str(row["id"]),
            "status": CONSENT.get(row["state"], "inactive"),
            "scope": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": scope}]},
            "category": [{"text": row["title"]}],
            "patient": subject,
            "dateTime": _at(row["signed_on"] or row["requested_on"]),
            "policyRule": {"text": f"{row['title']}, version {row['version']}"},
            "sourceAttachment": _text(row["body"]),
        }


def _invoices(held: dict[str, Rows], subject: Resource) -> Iterator[Resource]:
    for row in held.get("invoices", []):
        yield {
            "resourceType": "Invoice",
            "id": str(row["id"]),
            "identifier": [{"value": f"{row['series']}-{row['number']}"}],
            "status": "issued",
            "subject": subject,
            "date": _at(row["issued_on"]),
            "totalGross": {"value": row["total_cents"] / 100},
        }


def _accesses(held: dict[str, Rows], subject: Resource) -> Iterator[Resource]:
    for number, row in enumerate(held["accesses"], start=1):
        yield {
            "resourceType": "AuditEvent",
            "id": str(number),
            "type": {"code": "rest", "system": "http://terminology.hl7.org/CodeSystem/audit-event-type"},
            "action": "R",
            "recorded": _at(row["at"]),
            "agent": [{"name": row["person"] or "command line", "role": [{"text": row["role"]}], "requestor": True}],
            "source": {"observer": {"display": "Intersession"}},
            "entity": [{"what": subject, "description": f"{row['operation']}: {row['what']}"}],
        }


def _text(words: str) -> Resource:
    return {"contentType": "text/plain; charset=utf-8", "data": base64.b64encode(words.encode()).decode()}


def _composed(kind: str, number: str, subject: Resource, at: Resource, sections: dict[str, str]) -> Resource:
    told = "\n\n".join(f"{name}\n{words}" for name, words in sections.items())
    return {
        "resourceType": "DocumentReference",
        "id": f"{kind}-{number}",
        "status": "current",
        "type": {"text": kind},
        "subject": subject,
        **at,
        "content": [{"attachment": _text(told)}],
    }


def _clinical(record: ClinicalRecord, subject: Resource) -> Iterator[Resource]:
    for history in record.histories:
        at = {"date": _at(history.written_at), "author": [{"display": history.author}]}
        yield _composed("history", str(history.version), subject, at, history.sections)
    for note in record.notes:
        sections = note.sections | ({"subjective_annotations": note.subjective} if note.subjective else {})
        sections |= {f"addendum {_at(written_at)}": words for written_at, words in note.addenda}
        at = {
            "docStatus": "final" if note.status == "signed" else "preliminary",
            "date": _at(note.signed_at or note.session_at),
            "author": [{"display": note.author}],
        }
        yield _composed("note", str(note.id), subject, at, sections)


def _documents(record: ClinicalRecord, subject: Resource) -> Iterator[Resource]:
    for found in record.documents:
        paper = {"contentType": found.paper.media_type, "title": found.paper.name, "url": document_path(found)}
        yield {
            "resourceType": "DocumentReference",
            "id": f"document-{found.id}",
            "status": "current",
            "type": {"text": found.kind},
            "subject": subject,
            "date": _at(found.added_at),
            "content": [{"attachment": paper}],
        }


def document_path(found: HandedDocument) -> str:
    """Return where a document is in the archive."""
    return f"documents/{found.id}-{found.paper.name}"
