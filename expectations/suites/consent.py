"""Rules about what must be signed or handed over before care is given."""

from __future__ import annotations

from great_expectations.expectations import core as gxe
from great_expectations.expectations.row_conditions import Column

from expectations.rule import IN_CARE, Rule

RULES = (
    Rule(
        code="treatment_consent_valid",
        severity="blocking",
        words={
            "en": "There is no valid consent to treatment, and a session is booked or was held.",
            "es": "No hay consentimiento de tratamiento válido y hay sesiones citadas o realizadas.",
        },
        expectation=gxe.ExpectColumnValuesToBeInSet(column="has_treatment_consent", value_set=[True]),
        applies=IN_CARE,
        fix="consents",
    ),
    Rule(
        code="data_protection_informed",
        severity="important",
        words={
            "en": "It is not recorded that the data protection information was given.",
            "es": "No consta que se entregara la información de protección de datos.",
        },
        expectation=gxe.ExpectColumnValuesToBeInSet(column="has_data_protection_information", value_set=[True]),
        applies=IN_CARE,
        fix="consents",
    ),
    Rule(
        code="telehealth_consent_valid",
        severity="blocking",
        words={
            "en": "A session by video is booked and there is no valid consent to it.",
            "es": "Hay una sesión por vídeo citada y no hay consentimiento válido para ella.",
        },
        expectation=gxe.ExpectColumnValuesToBeInSet(column="has_telehealth_consent", value_set=[True]),
        applies=Column("has_online_session_ahead") == True,  # noqa: E712 - a condition for SQL, not a comparison
        fix="consents",
    ),
)
