"""A few histories and notes, so that the clinical screens are not empty: the same texts at every load, sealed anew."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, text

from dashboard.clinical.keyring import ensure_key, keyring
from dashboard.clinical.sealing import DataKey, new_secret, seal, wrap
from dashboard.demo.tables import Tables

THERAPISTS, NOTES_EACH = 8, 12
NOT_WRITTEN_YET = 3
"""Of each therapist, that many of the newest sessions still wait for their note."""
SESSIONS = text("""
select a.id, p.patient_id, a.therapist_id, u.id as author_id, a.ends_at
from appointment as a
join appointment_patient as p on p.appointment_id = a.id and p.position = 1
join app_user as u on u.therapist_id = a.therapist_id
where a.therapist_id <= :therapists and a.state = 'attended' and a.starts_at > :since
order by a.therapist_id, a.starts_at desc, a.id
""")
DRAFTS_EACH = 3
TALKS = (
    "Cuenta que duerme mejor desde que deja el teléfono fuera del dormitorio.",
    "Llega cansada; la semana ha sido difícil en el trabajo y ha evitado a sus compañeros.",
    "Ha puesto en práctica la respiración antes de las reuniones y le ha ayudado.",
    "Habla por primera vez de la muerte de su abuelo y de lo que dejó sin decir.",
    "Trae el registro de pensamientos; repasamos dos situaciones de la semana.",
)
PLANS = (
    "Seguir con el registro diario. Próxima sesión: revisar la jerarquía de exposición.",
    "Continuar con higiene del sueño y actividad agradable tres veces por semana.",
    "Proponer una sesión conjunta con su pareja si está de acuerdo.",
)
HISTORIES: tuple[dict[str, str], ...] = (
    {
        "reason_for_consultation": "Ansiedad ante reuniones y exposiciones en el trabajo.",
        "current_symptoms": "Taquicardia, sudoración y pensamientos anticipatorios; evita intervenir.",
        "symptoms_began_on": "Hace unos ocho meses",
        "precipitating_events": "Cambio de puesto y una presentación que vivió como un fracaso.",
        "sleep_habits": "Duerme unas seis horas; se despierta de madrugada.",
        "substance_use": "Dos cafés al día. No fuma.",
    },
    {
        "reason_for_consultation": "Ánimo bajo después de una separación.",
        "current_symptoms": "Tristeza, llanto frecuente, poco apetito, dificultad para concentrarse.",
        "symptoms_began_on": "Primavera pasada",
        "family_history": "Madre con episodios depresivos tratados.",
        "medication": "Ninguna",
        "eating_habits": "Se salta comidas; ha perdido peso.",
    },
)


def write_clinical(tables: Tables, connection: Connection, today: date) -> None:
    """Write a history and a few notes for some patients of the first therapists: how many does not grow."""
    asked = {"therapists": THERAPISTS, "since": today - timedelta(days=40)}
    chosen, taken = [], dict.fromkeys(range(1, THERAPISTS + 1), 0)
    for row in connection.execute(SESSIONS, asked):
        taken[row.therapist_id] += 1
        place = taken[row.therapist_id] - NOT_WRITTEN_YET
        if 0 < place <= NOTES_EACH:
            chosen.append((place, row))
    if not chosen:
        return
    keys = _write_keys(tables, sorted({row.patient_id for _, row in chosen}), today.isoformat())
    _write_histories(tables, keys, chosen)
    _write_notes(tables, keys, chosen)


def _hex(sealed: bytes) -> str:
    return rf"\x{sealed.hex()}"


def _write_keys(tables: Tables, patients: Sequence[int], made_at: str) -> dict[int, DataKey]:
    ensure_key()
    master = keyring().newest
    ids = tables.take("patient_key", len(patients)).tolist()
    keys = {patient: DataKey(key_id, patient, new_secret()) for key_id, patient in zip(ids, patients, strict=True)}
    tables.write_rows(
        "patient_key",
        [
            {
                "id": key.id,
                "patient_id": patient,
                "wrapped": _hex(wrap(master, key)),
                "master_id": master.id,
                "created_at": made_at,
            }
            for patient, key in keys.items()
        ],
    )
    return keys


def _write_histories(tables: Tables, keys: dict[int, DataKey], chosen: Sequence[tuple[int, Any]]) -> None:
    first = {row.patient_id: row for _, row in reversed(chosen)}
    ids = tables.take("clinical_history_version", len(first)).tolist()
    rows = []
    for row_id, (patient, row) in zip(ids, first.items(), strict=True):
        texts = HISTORIES[row_id % len(HISTORIES)]
        rows.append(
            {
                "id": row_id,
                "patient_id": patient,
                "version": 1,
                "author_id": row.author_id,
                "written_at": row.ends_at.isoformat(),
                "sealed": _hex(seal(keys[patient], texts, row_id, "clinical_history_version")),
            }
        )
    tables.write_rows("clinical_history_version", rows)


def _write_notes(tables: Tables, keys: dict[int, DataKey], chosen: Sequence[tuple[int, Any]]) -> None:
    """Write notes, of each therapist the newest few as drafts, whose age is that of their sessions."""
    ids = tables.take("session_note", len(chosen)).tolist()
    rows = []
    for row_id, (place, row) in zip(ids, chosen, strict=True):
        written, is_draft = row.ends_at + timedelta(minutes=5), place % 4 == 0 and place <= 4 * DRAFTS_EACH
        texts = {"subjective": TALKS[row_id % len(TALKS)], "plan": PLANS[row_id % len(PLANS)]}
        apart = {"text": "Me costó sostener el silencio."} if place % 3 == 0 else None
        key = keys[row.patient_id]
        rows.append(
            {
                "id": row_id,
                "appointment_id": row.id,
                "patient_id": row.patient_id,
                "author_id": row.author_id,
                "therapist_id": row.therapist_id,
                "template_code": "soap",
                "status": "draft" if is_draft else "signed",
                "created_at": written.isoformat(),
                "saved_at": written.isoformat(),
                "signed_at": None if is_draft else written.isoformat(),
                "sealed": _hex(seal(key, texts, row_id, "session_note")),
                "sealed_subjective": _hex(seal(key, apart, row_id, "session_note.subjective")) if apart else None,
            }
        )
    tables.write_rows("session_note", rows)
