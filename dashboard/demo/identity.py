"""Spanish identity numbers with their check letters, and telephone numbers, for persons who do not exist."""

from __future__ import annotations

import numpy as np

from dashboard.demo.draws import joined, words
from dashboard.demo.window import Array

CHECK_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"  # Real Decreto 1553/2005, article 11: the number modulo 23
_LETTERS = words(list(CHECK_LETTERS))
_STRIDE = 7_368_787  # prime, so that consecutive keys give distinct numbers that look unrelated


def nif(key: Array) -> Array:
    """Return one national identity number a key; equal keys give equal numbers."""
    number = (key * _STRIDE + 10_203_040) % 100_000_000
    return joined(words([f"{value:08d}" for value in number]), _LETTERS[number % 23])


def nie(key: Array) -> Array:
    """Return one foreigner's identity number a key: X, Y or Z counts as 0, 1 or 2 before the seven digits."""
    number = (key * _STRIDE + 1_020_304) % 30_000_000
    prefix = words(list("XYZ"))[number // 10_000_000]
    digits = words([f"{value:07d}" for value in number % 10_000_000])
    return joined(prefix, digits, _LETTERS[number % 23])


def with_wrong_letter(identity: Array) -> Array:
    """Return identity numbers whose check letter is the next one, and so wrong."""
    wrong = {letter: CHECK_LETTERS[(place + 1) % 23] for place, letter in enumerate(CHECK_LETTERS)}
    return words([value[:-1] + wrong[value[-1]] for value in identity])


def mobile(rng: np.random.Generator, size: int) -> Array:
    """Return Spanish mobile numbers in international form."""
    return words([f"+346{value:08d}" for value in rng.integers(0, 100_000_000, size)])
