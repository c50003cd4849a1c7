"""All rules, in the order in which reception reads them. A new rule is one entry in one file of this folder."""

from __future__ import annotations

from expectations.rule import Rule
from expectations.suites import care, consent, contact, identity, minors, payer

RULES: tuple[Rule, ...] = (
    *identity.RULES,
    *contact.RULES,
    *minors.RULES,
    *consent.RULES,
    *payer.RULES,
    *care.RULES,
)
