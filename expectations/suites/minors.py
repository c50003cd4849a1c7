"""Rules about the guardians of minors."""

from __future__ import annotations

from great_expectations.expectations import core as gxe
from great_expectations.expectations.row_conditions import Column

from expectations.rule import MINOR, Rule

WITH_GUARDIANS = MINOR & (Column("guardian_count") > 0)

RULES = (
    Rule(
        code="guardian_present",
        severity="blocking",
        words={
            "en": "The person is a minor and no guardian is recorded.",
            "es": "Es menor de edad y no consta ningún tutor.",
        },
        expectation=gxe.ExpectColumnValuesToBeBetween(column="guardian_count", min_value=1),
        applies=MINOR,
        fix="guardians",
    ),
    Rule(
        code="authority_known",
        severity="blocking",
        words={
            "en": "It is not recorded whether each guardian holds parental authority.",
            "es": "No consta si cada tutor tiene la patria potestad.",
        },
        expectation=gxe.ExpectColumnValuesToBeBetween(column="guardians_authority_unknown_count", max_value=0),
        applies=WITH_GUARDIANS,
        fix="guardians",
    ),
    Rule(
        code="authority_held",
        severity="blocking",
        words={
            "en": "None of the guardians holds parental authority: nobody can sign.",
            "es": "Ningún tutor tiene la patria potestad: nadie puede firmar.",
        },
        expectation=gxe.ExpectColumnValuesToBeBetween(column="guardians_with_authority_count", min_value=1),
        applies=WITH_GUARDIANS & (Column("guardians_authority_unknown_count") == 0),
        fix="guardians",
    ),
    Rule(
        code="second_guardian_or_custody_known",
        severity="important",
        words={
            "en": "Only one guardian may sign, and custody is not recorded: the other parent may have to sign.",
            "es": "Solo puede firmar un tutor y no consta la custodia: quizá deba firmar el otro progenitor.",
        },
        expectation=gxe.ExpectColumnValuesToBeInSet(column="custody_is_known", value_set=[True]),
        applies=WITH_GUARDIANS & (Column("guardians_with_authority_count") == 1),
        fix="guardians",
    ),
    Rule(
        code="guardian_contact_present",
        severity="important",
        words={
            "en": "A guardian has neither telephone nor e-mail.",
            "es": "Un tutor no tiene ni teléfono ni correo electrónico.",
        },
        expectation=gxe.ExpectColumnValuesToBeBetween(column="guardians_without_contact_count", max_value=0),
        applies=WITH_GUARDIANS,
        fix="guardians",
    ),
)
