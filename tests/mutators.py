"""Twelve named ways to damage a text of records, each at five places: the catalogue of bad inputs made by rule.

A mutation is named after both, as ``flip-middle``; the same names give the same bytes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

BLOCK = 1024
PLACES = ("first", "header", "record", "middle", "last")


@dataclass(frozen=True)
class Sample:
    """A valid text: what stands before its records, the records, what stands after them."""

    head: bytes
    records: tuple[bytes, ...]
    tail: bytes

    @property
    def content(self) -> bytes:
        """Return the whole."""
        return self.head + b"".join(self.records) + self.tail

    def offset(self, place: str) -> int:
        """Return where a place is: in the header and in the first record, in their middle."""
        size = len(self.content)
        return {
            "first": 0,
            "header": len(self.head) // 2,
            "record": len(self.head) + len(self.records[0]) // 2,
            "middle": size // 2,
            "last": size - 1,
        }[place]

    def record(self, place: str) -> int:
        """Return which record is at a place, or next to it."""
        return {"middle": len(self.records) // 2, "last": len(self.records) - 1}.get(place, 0)


Mutator = Callable[[Sample, str], bytes]


def _insert(what: bytes) -> Mutator:
    def mutate(sample: Sample, place: str) -> bytes:
        at = sample.offset(place)
        return sample.content[:at] + what + sample.content[at:]

    return mutate


def _cut(sample: Sample, place: str) -> bytes:
    return sample.content[: sample.offset(place)]


def _flip(sample: Sample, place: str) -> bytes:
    content = bytearray(sample.content)
    content[sample.offset(place)] ^= 1 << (PLACES.index(place) + 1)
    return bytes(content)


def _dup(sample: Sample, place: str) -> bytes:
    at = sample.offset(place)
    return sample.content[: at + BLOCK] + sample.content[at:]


def _drop(sample: Sample, place: str) -> bytes:
    at = sample.offset(place)
    return sample.content[:at] + sample.content[at + BLOCK :]


def _swap(sample: Sample, place: str) -> bytes:
    records, here = list(sample.records), sample.record(place)
    other = (here + 1) % len(records)
    records[here], records[other] = records[other], records[here]
    return sample.head + b"".join(records) + sample.tail


def _rep(sample: Sample, place: str) -> bytes:
    here = sample.record(place)
    records = (*sample.records[:here], sample.records[here] * 10_000, *sample.records[here + 1 :])
    return sample.head + b"".join(records) + sample.tail


def _crlf(sample: Sample, place: str) -> bytes:
    """Let lines end with LF, up to a place, and with CR from there."""
    at = sample.offset(place)
    return sample.content[:at].replace(b"\r\n", b"\n") + sample.content[at:].replace(b"\r\n", b"\r")


def _case(sample: Sample, place: str) -> bytes:
    """Change the case of what stands before a colon or semicolon, from a place on."""
    at = sample.content.rfind(b"\n", 0, sample.offset(place) + 1) + 1
    lowered = re.sub(rb"(?m)^[A-Z-]+(?=[:;])", lambda match: match[0].lower(), sample.content[at:])
    return sample.content[:at] + lowered


def _long(sample: Sample, place: str) -> bytes:
    at = sample.offset(place)
    return sample.content[:at] + sample.content[at : at + 1] * 1_000_000 + sample.content[at:]


MUTATORS: dict[str, Mutator] = {
    "cut": _cut,
    "flip": _flip,
    "nul": _insert(b"\0"),
    "ff": _insert(b"\xff"),
    "dup": _dup,
    "drop": _drop,
    "swap": _swap,
    "rep": _rep,
    "bom": _insert(b"\xef\xbb\xbf"),
    "crlf": _crlf,
    "case": _case,
    "long": _long,
}


def mutations(sample: Sample) -> Iterator[tuple[str, bytes]]:
    """Yield the sixty mutations of a sample with their names."""
    for name, mutate in MUTATORS.items():
        for place in PLACES:
            yield f"{name}-{place}", mutate(sample, place)
