"""Rules about who the person is."""

from __future__ import annotations

from great_expectations.expectations import core as gxe
from great_expectations.expectations.row_conditions import Column

from expectations.rule import ADULT, Rule

HAS_IDENTITY = Column("id_value").is_not_null()

RULES = (
    Rule(
        code="surname_present",
        severity="important",
        words={"en": "The surname is missing.", "es": "Falta el apellido."},
        expectation=gxe.ExpectColumnValuesToNotBeNull(column="surname_1"),
        fix="surname_1",
    ),
    Rule(
        code="birth_date_present",
        severity="blocking",
        words={
            "en": "The date of birth is missing: it decides who signs.",
            "es": "Falta la fecha de nacimiento: de ella depende quién firma.",
        },
        expectation=gxe.ExpectColumnValuesToNotBeNull(column="birth_date"),
        fix="birth_date",
    ),
    Rule(
        code="birth_date_plausible",
        severity="important",
        words={
            "en": "The date of birth cannot be right: check the year.",
            "es": "La fecha de nacimiento no puede ser correcta: revise el año.",
        },
        expectation=gxe.ExpectColumnValuesToBeBetween(column="age_years", min_value=0, max_value=110),
        fix="birth_date",
    ),
    Rule(
        code="sex_known",
        severity="minor",
        words={"en": "The sex is not recorded.", "es": "No consta el sexo."},
        expectation=gxe.ExpectColumnValuesToBeInSet(column="sex", value_set=["female", "male", "intersex"]),
        fix="sex",
    ),
    Rule(
        code="identity_present",
        severity="important",
        words={
            "en": "The identity document is missing: invoices need it.",
            "es": "Falta el documento de identidad: hace falta para facturar.",
        },
        expectation=gxe.ExpectColumnValuesToNotBeNull(column="id_value"),
        applies=ADULT,
        fix="identity",
    ),
    Rule(
        code="identity_kind_known",
        severity="important",
        words={
            "en": "There is an identity number, but not of which document.",
            "es": "Hay un número de identidad, pero no de qué documento es.",
        },
        expectation=gxe.ExpectColumnValuesToNotBeNull(column="id_kind"),
        applies=HAS_IDENTITY,
        fix="identity",
    ),
    Rule(
        code="identity_well_formed",
        severity="important",
        words={
            "en": "The identity number does not add up: a digit or the letter is wrong.",
            "es": "El número de identidad no cuadra: hay un dígito o la letra mal.",
        },
        expectation=gxe.ExpectColumnValuesToBeInSet(column="identity_is_well_formed", value_set=[True]),
        applies=HAS_IDENTITY & Column("id_kind").is_not_null(),
        fix="identity",
    ),
    Rule(
        code="identity_unique",
        severity="important",
        words={
            "en": "Another file has the same identity number: it may be the same person.",
            "es": "Otra ficha tiene el mismo número de identidad: puede ser la misma persona.",
        },
        expectation=gxe.ExpectColumnValuesToBeBetween(column="duplicate_identity_count", max_value=0),
        applies=HAS_IDENTITY,
        fix="identity",
    ),
    Rule(
        code="profession_present",
        severity="minor",
        words={"en": "The profession is missing.", "es": "Falta la profesión."},
        expectation=gxe.ExpectColumnValuesToNotBeNull(column="profession"),
        applies=ADULT,
        fix="profession",
    ),
    Rule(
        code="marital_status_known",
        severity="minor",
        words={"en": "The marital status is not recorded.", "es": "No consta el estado civil."},
        expectation=gxe.ExpectColumnValuesToNotBeInSet(column="marital_status", value_set=["unknown"]),
        applies=ADULT,
        fix="marital_status",
    ),
)
