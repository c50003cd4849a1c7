"""Rules about the care itself: by whom, where, since when."""

from __future__ import annotations

from great_expectations.expectations import core as gxe
from great_expectations.expectations.row_conditions import Column

from expectations.rule import ACTIVE, WAITING, Rule

RULES = (
    Rule(
        code="main_therapist_present",
        severity="important",
        words={"en": "No main therapist is assigned.", "es": "No hay terapeuta de referencia."},
        expectation=gxe.ExpectColumnValuesToNotBeNull(column="therapist_id"),
        applies=ACTIVE,
        fix="therapist",
    ),
    Rule(
        code="site_present",
        severity="important",
        words={"en": "It is not recorded at which site.", "es": "No consta en qué centro."},
        expectation=gxe.ExpectColumnValuesToNotBeNull(column="site_id"),
        fix="site",
    ),
    Rule(
        code="history_opened",
        severity="important",
        words={
            "en": "Three sessions were held and the clinical history is not opened.",
            "es": "Se han hecho tres sesiones y no está abierta la historia clínica.",
        },
        expectation=gxe.ExpectColumnValuesToNotBeNull(column="history_opened_on"),
        applies=Column("delivered_session_count") > 2,
        fix="history",
    ),
    Rule(
        code="first_session_soon",
        severity="minor",
        words={
            "en": "Waiting for more than a month, and no session is booked.",
            "es": "Lleva más de un mes en espera y no tiene ninguna sesión citada.",
        },
        expectation=gxe.ExpectColumnValuesToBeBetween(column="days_since_opened", max_value=31),
        applies=WAITING & Column("next_session_at").is_null() & (Column("delivered_session_count") == 0),
        fix="agenda",
    ),
    Rule(
        code="referral_source_present",
        severity="minor",
        words={
            "en": "It is not recorded who referred the person or how they found us.",
            "es": "No consta quién le derivó o cómo nos conoció.",
        },
        expectation=gxe.ExpectColumnValuesToNotBeNull(column="referral_source"),
        fix="referral_source",
    ),
)
