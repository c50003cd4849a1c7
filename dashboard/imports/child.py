"""The process that parses, confined in memory, time and network: drafts go to its output, a summary comes at the end.

Drafts leave in the form that COPY reads, so that the importer passes them on without looking inside, and nothing of a
person's is ever on disk. A row that cannot be a draft leaves as entity ``set_aside`` with its code.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from dashboard.confinement import confine
from dashboard.imports import csv_reader
from dashboard.imports.codes import Code, FileRefusedError
from dashboard.imports.detection import Detected, KnownFile, detect
from dashboard.imports.drafts import Draft, RowReader
from dashboard.imports.mapping import Mapping, read_mapping

# A megabyte of narrow rows, each of which brings two drafts, was measured at 0.8 seconds.
SECONDS, SECONDS_PER_MEGABYTE = 10, 1.0
CONTENT = 1 << 256
ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"})


@dataclass
class Summary:
    """What was read: rows by entity, a hash of the content that neither names nor order of rows change, any refusal."""

    source: str = ""
    mapping_version: str = ""
    sha256: str = ""
    read: Counter[str] = field(default_factory=Counter)
    derived: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    unknown_files: list[str] = field(default_factory=list)
    refusal: list[Any] | None = None

    def as_json(self) -> str:
        """Return the summary as one JSON object."""
        return json.dumps(vars(self))


class _Writer:
    def __init__(self, out: BinaryIO) -> None:
        self.out = out
        self.content = 0
        self.encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode

    def write(self, draft: Draft, file: str, line: int, cells: Sequence[str]) -> None:
        entity, values = draft.entity, draft.values
        if draft.problem is not None:
            entity = "set_aside"
            values = {"entity": draft.entity, "code": draft.problem.code, "field": draft.problem.field}
        text = self.encode(values)
        said = text if draft.problem is None else "\x1f".join(cells)
        digest = hashlib.sha256(f"{draft.entity}\x1f{draft.external_id}\x1f{said}".encode("utf-8", "replace"))
        # A sum does not depend on the order of the rows, and unlike an exclusive or it counts repetitions.
        self.content = (self.content + int.from_bytes(digest.digest())) % CONTENT
        row = "\t".join(
            (
                entity,
                file.translate(ESCAPES),
                str(line),
                draft.external_id.translate(ESCAPES),
                "\\\\x" + digest.hexdigest(),
                text.translate(ESCAPES),
            )
        )
        self.out.write(row.encode() + b"\n")


def parse(path: Path, mapping_name: str | None, out: BinaryIO) -> Summary:
    """Read every known file at ``path`` and write its drafts to ``out``."""
    summary = Summary()
    writer = _Writer(out)
    try:
        detected = detect(path, mapping_name)
        mapping = read_mapping(detected.mapping)
        _begin(summary, detected, mapping)
        for file in detected.files:
            _parse_file(file, mapping, writer, summary)
        out.flush()
    except FileRefusedError as refused:
        summary.refusal = [refused.code, refused.file, refused.line]
    except (MemoryError, RecursionError):
        summary.refusal = [Code.TOO_COMPLEX, path.name, None]
    summary.sha256 = f"{writer.content:064x}"
    return summary


def _begin(summary: Summary, detected: Detected, mapping: Mapping) -> None:
    summary.source, summary.mapping_version = mapping.source, mapping.version
    summary.files = [file.path.name for file in detected.files]
    summary.unknown_files = detected.unknown_files


def _parse_file(file: KnownFile, mapping: Mapping, writer: _Writer, summary: Summary) -> None:
    rule, name = mapping.files[file.rule], file.path.name[:120]
    with csv_reader.opened(file.path, delimiter=mapping.delimiter, encodings=mapping.encodings) as table:
        reader = RowReader(mapping, rule, table.header, name)
        read = summary.read
        for line, cells in table.rows:
            for draft in reader.drafts(cells):
                read[draft.entity] += 1
                if draft.is_derived and draft.entity not in summary.derived:
                    summary.derived.append(draft.entity)
                writer.write(draft, name, line, cells)


def main() -> None:
    """Parse what the arguments name, a path and a mapping or ``-``; the summary is the last line of standard error."""
    path, mapping = Path(sys.argv[1]), sys.argv[2]
    files = [path] if path.is_file() else path.glob("*")
    size = sum(file.stat().st_size for file in files if file.is_file())
    confine(int(SECONDS + SECONDS_PER_MEGABYTE * size / 1e6))
    summary = parse(path, None if mapping == "-" else mapping, sys.stdout.buffer)
    sys.stderr.write(summary.as_json() + "\n")


if __name__ == "__main__":
    main()
