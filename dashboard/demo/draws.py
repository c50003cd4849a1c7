"""Random draws that the parts of the synthetic practice share; every draw comes from a seeded generator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from dashboard.demo.window import Array


def words(values: Sequence[str | None]) -> Array:
    """Return words as an array that may also hold nothing."""
    return np.array(values, dtype=object)


def pick(rng: np.random.Generator, values: Sequence[str | None], size: int) -> Array:
    """Return ``size`` of ``values``, each as likely."""
    return words(values)[rng.integers(0, len(values), size)]


def deal(rng: np.random.Generator, shares: Sequence[float], size: int) -> Array:
    """Return ``size`` places in ``shares``, in exactly those proportions and in any order.

    Dealt and not drawn, so that what is rare also occurs in a small practice.
    """
    bounds = np.cumsum(shares)
    dealt = np.searchsorted(bounds / bounds[-1], (np.arange(size) + 0.5) / max(size, 1), side="right")
    return rng.permutation(dealt)


def pick_by_weight(rng: np.random.Generator, weights: Mapping[str, float], size: int) -> Array:
    """Return ``size`` of the keys of ``weights``, in the proportions of their weights."""
    chosen: Array = words(list(weights))[deal(rng, list(weights.values()), size)]
    return chosen


def with_gaps(rng: np.random.Generator, values: Array, rate: float | Array) -> Array:
    """Return ``values`` with about ``rate`` of them (one rate, or one a place) missing."""
    return nothing_where(rng.random(len(values)) < rate, values)


def joined(*parts: Array | str) -> Array:
    """Return texts put together place by place, each part a text for all or an array."""
    length = next(len(part) for part in parts if not isinstance(part, str))
    columns = [[part] * length if isinstance(part, str) else part for part in parts]
    return words(["".join(map(str, row)) for row in zip(*columns, strict=True)])


def spread(size: Array) -> tuple[Array, Array]:
    """Return, for groups of these sizes laid end to end, the group of each row and its place within it, from 0."""
    row = np.repeat(np.arange(len(size)), size)
    return row, np.arange(len(row)) - np.repeat(np.cumsum(size) - size, size)


def nothing_where(mask: Array, values: Array | str) -> Array:
    """Return ``values`` (an array or one value) as words, with nothing where ``mask`` says so."""
    found = np.full(len(mask), values, dtype=object) if isinstance(values, str) else values.astype(object)
    found[mask] = None
    return found


def is_nothing(values: Array) -> Array:
    """Return whether each of some words is missing."""
    return np.array([value is None for value in values], dtype=bool)


def order_within(group: Array) -> Array:
    """Return the place of each row among the rows of its group, from 0; rows keep their order."""
    order = np.argsort(group, kind="stable")
    sorted_group = group[order]
    starts = np.flatnonzero(np.r_[True, sorted_group[1:] != sorted_group[:-1]]) if len(group) else np.array([], int)
    lengths = np.diff(np.r_[starts, len(group)])
    place = np.empty(len(group), dtype=np.int64)
    place[order] = np.arange(len(group)) - np.repeat(starts, lengths)
    return place
