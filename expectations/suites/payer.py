"""Rules about who pays instead of the patient."""

from __future__ import annotations

from great_expectations.expectations import core as gxe
from great_expectations.expectations.row_conditions import Column

from expectations.rule import Rule

INSURER_PAYS = Column("pays") == "insurer"

RULES = (
    Rule(
        code="coverage_valid",
        severity="important",
        words={
            "en": "The insurer pays, but no coverage is valid today.",
            "es": "Paga la aseguradora, pero no hay ninguna cobertura vigente.",
        },
        expectation=gxe.ExpectColumnValuesToBeBetween(column="valid_coverage_count", min_value=1),
        applies=INSURER_PAYS,
        fix="coverage",
    ),
    Rule(
        code="policy_number_present",
        severity="important",
        words={
            "en": "The policy number is missing: the insurer will not pay without it.",
            "es": "Falta el número de póliza: sin él la aseguradora no pagará.",
        },
        expectation=gxe.ExpectColumnValuesToBeBetween(column="coverage_without_policy_count", max_value=0),
        applies=INSURER_PAYS,
        fix="coverage",
    ),
)
