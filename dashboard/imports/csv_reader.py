"""Reads a CSV file strictly: either every line is understood, or the file is refused with a code and a line.

Nothing is guessed. Separator and encodings come from the mapping; memory stays flat whatever the size.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from dashboard.imports.codes import Code, FileRefusedError

CHUNK = 1 << 20
PEEK = 1 << 18
UTF_16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True)
class Limits:
    """What one file may have at most."""

    bytes: int = 2 << 30
    rows: int = 2_000_000
    field_characters: int = 131_072
    line_characters: int = 1 << 20
    columns: int = 500
    lines_in_a_row: int = 100


DEFAULT_LIMITS = Limits()


@dataclass(frozen=True)
class Table:
    """An open CSV file: its header as written, and its rows with the line each one begins on."""

    header: list[str]
    rows: Iterator[tuple[int, list[str]]]


def folded(header: str) -> str:
    """Return a column's name as it is compared: trimmed, single spaces, no case."""
    return " ".join(header.split()).casefold()


@contextmanager
def opened(
    path: Path,
    *,
    delimiter: str = ",",
    encodings: Sequence[str] = ("utf-8",),
    limits: Limits = DEFAULT_LIMITS,
) -> Iterator[Table]:
    """Open a CSV file after checking its bytes.

    Raises:
        FileRefusedError: the file as a whole cannot be read; raised while opening or while iterating.
    """
    encoding = _check_bytes(path, encodings, limits)
    # Universal line ends: CR, LF, CRLF and a mixture read alike, also inside quoted fields.
    with path.open(encoding=encoding, newline=None) as stream:
        reader = _Reader(path.name, stream, delimiter, limits)
        yield Table(reader.header(), reader.rows())


def peek(
    path: Path, rows: int = 0, *, delimiter: str = ",", encodings: Sequence[str] = ("utf-8",)
) -> tuple[list[str], list[list[str]]]:
    """Return the header and the first rows of a file from its first bytes alone; empty where they are not readable."""
    with path.open("rb") as file:
        start = file.read(PEEK)
    text = ""
    for name in encodings:
        with suppress(UnicodeDecodeError):
            codec = codecs.getincrementaldecoder("utf-8-sig" if name == "utf-8" else name)()
            text = codec.decode(start)
            break
    reader = _Reader(path.name, io.StringIO(text, newline=None), delimiter, DEFAULT_LIMITS)
    shown: list[list[str]] = []
    header: list[str] = []
    with suppress(FileRefusedError):
        header = reader.header()
        shown.extend(cells for _, cells in islice(reader.rows(), rows))
    return header, shown


def _check_bytes(path: Path, encodings: Sequence[str], limits: Limits) -> str:
    """Return the first declared encoding that the whole file is in, after looking for what no text file has."""
    size = path.stat().st_size
    if size == 0:
        raise FileRefusedError(Code.EMPTY_FILE, path.name)
    if size > limits.bytes:
        raise FileRefusedError(Code.FILE_TOO_LARGE, path.name)
    with path.open("rb") as file:
        start = file.read(1024)
    if start.startswith(UTF_16_MARKS) or start.count(0) * 4 > len(start):
        raise FileRefusedError(Code.ENCODING, path.name, 1)
    _refuse_nul(path)
    bad_line = 1
    for name in encodings:
        codec = "utf-8-sig" if name.lower() in {"utf-8", "utf8"} else name
        line = _undecodable_line(path, codec)
        if line is None:
            return codec
        bad_line = max(bad_line, line)
    raise FileRefusedError(Code.ENCODING, path.name, bad_line)


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk


def _refuse_nul(path: Path) -> None:
    line = 1
    for chunk in _chunks(path):
        found = chunk.find(0)
        if found >= 0:
            raise FileRefusedError(Code.NUL_BYTE, path.name, line + chunk.count(b"\n", 0, found))
        line += chunk.count(b"\n")


def _undecodable_line(path: Path, codec: str) -> int | None:
    """Return the line of the first byte that is not ``codec``, or nothing when all are."""
    decoder = codecs.getincrementaldecoder(codec)()
    line = 1
    chunk = b""
    try:
        for chunk in _chunks(path):
            decoder.decode(chunk)
            line += chunk.count(b"\n")
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        return line + chunk.count(b"\n", 0, error.start)
    return None


class _Reader:
    def __init__(self, name: str, stream: io.TextIOBase, delimiter: str, limits: Limits) -> None:
        self.name = name
        self.limits = limits
        csv.field_size_limit(limits.field_characters)
        self.reader = csv.reader(self._lines(stream), delimiter=delimiter, strict=True)
        self.width = 0

    def _lines(self, stream: io.TextIOBase) -> Iterator[str]:
        limit = self.limits.line_characters
        for number, line in enumerate(iter(lambda: stream.readline(limit + 1), ""), start=1):
            if len(line) > limit:
                raise FileRefusedError(Code.FIELD_TOO_LONG, self.name, number)
            yield line

    def header(self) -> list[str]:
        for _, cells in self._records():
            names = [folded(cell) for cell in cells]
            if len(names) > self.limits.columns:
                raise FileRefusedError(Code.COLUMN_COUNT, self.name, self.reader.line_num)
            if len(set(names) - {""}) < len([name for name in names if name]):
                raise FileRefusedError(Code.DUPLICATE_HEADER, self.name, self.reader.line_num)
            self.width = len(cells)
            return [" ".join(cell.split()) for cell in cells]
        raise FileRefusedError(Code.EMPTY_FILE, self.name)

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        most = self.limits.rows
        for count, (line, cells) in enumerate(self._records(), start=1):
            if len(cells) != self.width:
                raise FileRefusedError(Code.COLUMN_COUNT, self.name, line)
            if count > most:
                raise FileRefusedError(Code.TOO_MANY_ROWS, self.name, line)
            yield line, cells

    def _records(self) -> Iterator[tuple[int, list[str]]]:
        """Yield each record that is not blank with the line it begins on."""
        reader = self.reader
        longest = self.limits.lines_in_a_row
        while True:
            line = reader.line_num + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                raise self._refusal(error, line) from None
            # An unclosed quote swallows lines until the next quote happens to close it.
            if reader.line_num - line >= longest:
                raise FileRefusedError(Code.UNBALANCED_QUOTE, self.name, line)
            if len(cells) > 1 or (cells and cells[0].strip()):
                yield line, cells

    def _refusal(self, error: csv.Error, line: int) -> FileRefusedError:
        code = Code.FIELD_TOO_LONG if "field limit" in str(error) else Code.UNBALANCED_QUOTE
        return FileRefusedError(code, self.name, line)
