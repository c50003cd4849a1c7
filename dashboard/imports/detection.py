"""Finds out which files of a folder a mapping knows, by their names and headers, and shows their first rows."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from dashboard.imports import csv_reader
from dashboard.imports.codes import Code, FileRefusedError
from dashboard.imports.drafts import column_places
from dashboard.imports.mapping import FOLDER, FileRule, Mapping, known_mappings, mapping_path, read_mapping


@dataclass(frozen=True)
class KnownFile:
    """A file that a mapping knows: the rule it is read by, and whether its header has what is needed."""

    path: Path
    rule: str
    is_header_ok: bool


@dataclass(frozen=True)
class Detected:
    """What a file or folder is: the mapping, the files it knows in the order of reading, and the names of the rest."""

    mapping: Path
    source: str
    files: list[KnownFile]
    unknown_files: list[str]


def csv_files(path: Path) -> list[Path]:
    """Return the CSV files at ``path``, a file or a folder.

    Raises:
        FileRefusedError: nothing is there.
    """
    if path.is_file():
        return [path]
    found = sorted(file for file in path.glob("*") if file.suffix.lower() == ".csv" and file.is_file())
    if not found:
        raise FileRefusedError(Code.NOT_FOUND, path.name)
    return found


def detect(path: Path, mapping: str | None = None) -> Detected:
    """Return the mapping that knows most of the files at ``path``, or what the one named makes of them.

    Raises:
        FileRefusedError: nothing is there, or no mapping knows any file.
    """
    files = csv_files(path)
    candidates = [mapping_path(mapping)] if mapping else [FOLDER / f"{name}.yaml" for name in known_mappings()]
    found = [_as_known_by(candidate, files) for candidate in candidates]
    best = max(found, key=lambda detected: sum(file.is_header_ok for file in detected.files))
    if not best.files:
        raise FileRefusedError(Code.NOTHING_RECOGNISED, path.name)
    return best


def _as_known_by(mapping_file: Path, files: list[Path]) -> Detected:
    mapping = read_mapping(mapping_file)
    headers = {
        file: csv_reader.peek(file, delimiter=mapping.delimiter, encodings=mapping.encodings)[0] for file in files
    }
    left = list(files)
    known: list[KnownFile] = []
    duplicates: set[Path] = set()
    for name, rule in mapping.files.items():
        first, others = _by_name(rule, left)
        known += [KnownFile(file, name, _has(rule, rule.required, headers[file])) for file in first]
        duplicates.update(others)
        left = [file for file in left if file not in first and file not in others]
    taken = {file.rule for file in known}
    for file in left:
        # A file under another name is known by its header, unless one of that kind is there already.
        fitting = _by_header(mapping, headers[file])
        if fitting and fitting not in taken:
            known.append(KnownFile(file, fitting, is_header_ok=True))
    order = list(mapping.files)
    known.sort(key=lambda file: order.index(file.rule))
    unknown = sorted({file.name for file in files} - {file.path.name for file in known})
    return Detected(mapping_file, mapping.source, known, unknown)


def _by_name(rule: FileRule, files: list[Path]) -> tuple[list[Path], list[Path]]:
    """Return the files of the preferred name, and those of the other names, which are not read beside them."""
    matching = [[file for file in files if fnmatch(file.name.lower(), name.lower())] for name in rule.names]
    first = next((group for group in matching if group), [])
    others = [file for group in matching for file in group if file not in first]
    return first, others


def _has(rule: FileRule, columns: list[str], header: list[str]) -> bool:
    return set(columns) <= set(column_places(rule, header))


def _by_header(mapping: Mapping, header: list[str]) -> str | None:
    fitting = [
        name
        for name, rule in mapping.files.items()
        if rule.signature and _has(rule, [*rule.required, *rule.signature], header)
    ]
    return fitting[0] if len(fitting) == 1 else None


def preview(path: Path, rows: int = 20, mapping: str | None = None) -> dict[str, tuple[list[str], list[list[str]]]]:
    """Return the header and the first rows of each known file, by its name, as they are written."""
    detected = detect(path, mapping)
    rules = read_mapping(detected.mapping)
    return {
        file.path.name: csv_reader.peek(file.path, rows, delimiter=rules.delimiter, encodings=rules.encodings)
        for file in detected.files
    }
