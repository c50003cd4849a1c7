"""Rules about how to reach the person, and whom to call in an emergency."""

from __future__ import annotations

from great_expectations.expectations import core as gxe
from great_expectations.expectations.row_conditions import Column

from expectations.rule import Rule

NINE_TO_FIFTEEN_DIGITS = r"^[+]?([ ().-]*[0-9]){9,15} *$"
NAME_AT_DOMAIN = r"^[^@[:space:]]+@[^@[:space:].]+([.][^@[:space:].]+)+$"
SPANISH_PROVINCE_AND_THREE_DIGITS = r"^(0[1-9]|[1-4][0-9]|5[0-2])[0-9]{3}$"

RULES = (
    Rule(
        code="telephone_present",
        severity="important",
        words={"en": "The telephone number is missing.", "es": "Falta el teléfono."},
        expectation=gxe.ExpectColumnValuesToNotBeNull(column="telephone"),
        fix="telephone",
    ),
    Rule(
        code="telephone_well_formed",
        severity="important",
        words={
            "en": "The telephone number has too few or too many digits.",
            "es": "El teléfono tiene dígitos de menos o de más.",
        },
        expectation=gxe.ExpectColumnValuesToMatchRegex(column="telephone", regex=NINE_TO_FIFTEEN_DIGITS),
        applies=Column("telephone").is_not_null(),
        fix="telephone",
    ),
    Rule(
        code="email_present",
        severity="minor",
        words={"en": "The e-mail address is missing.", "es": "Falta el correo electrónico."},
        expectation=gxe.ExpectColumnValuesToNotBeNull(column="email"),
        fix="email",
    ),
    Rule(
        code="email_well_formed",
        severity="important",
        words={
            "en": "The e-mail address is not written as one: messages will not arrive.",
            "es": "El correo electrónico está mal escrito: los mensajes no llegarán.",
        },
        expectation=gxe.ExpectColumnValuesToMatchRegex(column="email", regex=NAME_AT_DOMAIN),
        applies=Column("email").is_not_null(),
        fix="email",
    ),
    Rule(
        code="address_present",
        severity="important",
        words={
            "en": "The address is missing: invoices need it.",
            "es": "Falta la dirección: hace falta para facturar.",
        },
        expectation=gxe.ExpectColumnValuesToNotBeNull(column="address_line"),
        fix="address",
    ),
    Rule(
        code="postal_code_present",
        severity="minor",
        words={"en": "The postal code is missing.", "es": "Falta el código postal."},
        expectation=gxe.ExpectColumnValuesToNotBeNull(column="postal_code"),
        fix="address",
    ),
    Rule(
        code="postal_code_well_formed",
        severity="minor",
        words={
            "en": "The postal code is not one of Spain: five digits, the first two from 01 to 52.",
            "es": "El código postal no es de España: cinco dígitos, los dos primeros del 01 al 52.",
        },
        expectation=gxe.ExpectColumnValuesToMatchRegex(column="postal_code", regex=SPANISH_PROVINCE_AND_THREE_DIGITS),
        applies=(Column("country") == "ES") & Column("postal_code").is_not_null(),
        fix="address",
    ),
    Rule(
        code="city_present",
        severity="minor",
        words={"en": "The town or city is missing.", "es": "Falta la población."},
        expectation=gxe.ExpectColumnValuesToNotBeNull(column="city"),
        fix="address",
    ),
    Rule(
        code="emergency_contact_present",
        severity="important",
        words={
            "en": "Nobody is named to be called in an emergency.",
            "es": "No consta a quién avisar en una urgencia.",
        },
        expectation=gxe.ExpectColumnValuesToNotBeNull(column="emergency_name"),
        fix="emergency",
    ),
    Rule(
        code="emergency_telephone_present",
        severity="important",
        words={
            "en": "The telephone number of the emergency contact is missing.",
            "es": "Falta el teléfono de la persona a quien avisar en una urgencia.",
        },
        expectation=gxe.ExpectColumnValuesToNotBeNull(column="emergency_telephone"),
        applies=Column("emergency_name").is_not_null(),
        fix="emergency",
    ),
)
