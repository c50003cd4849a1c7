"""Passwords: length counts, and what is easily guessed of it does not."""

from __future__ import annotations

import pytest

from dashboard.access.passwords import LONGEST, Weakness, hash_password, matches, weakness


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("short", "too_short"),
        ("x" * (LONGEST + 1), "too_long"),
        ("aaaaaaaaaaaaaaaa", "too_simple"),
        ("Contraseña1234", "too_easy"),
        ("marta@example.org!", "too_easy"),
        ("corner lamp violet seven", None),
        ("correct-caballo-batería", None),
    ],
)
def test_a_weak_password_is_refused_with_the_reason(password: str, why: Weakness | None) -> None:
    assert weakness(password, "marta@example.org", "Marta Vidal") == why


def test_only_the_password_itself_matches() -> None:
    kept = hash_password("corner lamp violet seven")
    assert kept.startswith("$argon2id$")
    assert matches("corner lamp violet seven", kept)
    assert not matches("corner lamp violet seve", kept)
    assert not matches("corner lamp violet seven", None)
    assert not matches("corner lamp violet seven", "no hash")
