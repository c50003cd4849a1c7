"""Takes in an uploaded CSV file or archive of CSV files, under names of our own making and within limits."""

from __future__ import annotations

import io
import re
import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from dashboard.imports.codes import Code, FileRefusedError

MOST_MEMBERS = 200
MOST_BYTES = 500 * 1000 * 1000
MOST_RATIO = 100
CHUNK = 1 << 20
SYMLINK, KIND = 0o120000, 0o170000
ARCHIVE = b"PK"


@contextmanager
def unpacked(path: Path) -> Iterator[Path]:
    """Give ``path`` itself, or for an archive a temporary folder with its CSV files, removed at the end."""
    if not path.is_file() or not _is_archive(path):
        yield path
        return
    folder = receive_upload(path.name, path.read_bytes())
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _is_archive(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == ARCHIVE


def safe_name(name: str) -> str:
    """Return a file name that means nothing to any system: the letters and digits of the last part, and ``.csv``."""
    stem = name.replace("\\", "/").rsplit("/", 1)[-1].rsplit(".", 1)[0].lower()
    return (re.sub(r"[^a-z0-9]+", "_", stem).strip("_")[:60] or "file") + ".csv"


def receive_upload(name: str, content: bytes) -> Path:
    """Store a CSV file, or the CSV files of an archive, in a new temporary folder and return the folder.

    The caller removes the folder when the import is over.

    Raises:
        FileRefusedError: empty, neither CSV nor archive, or an archive that is damaged or beyond the limits.
    """
    members = _members(name, content)
    folder = Path(tempfile.mkdtemp(prefix="intersession-upload-"))
    for member, data in members.items():
        (folder / member).write_bytes(data)
    return folder


def _members(name: str, content: bytes) -> dict[str, bytes]:
    """Return the CSV files of one upload by safe name."""
    if not content:
        raise FileRefusedError(Code.EMPTY_FILE, safe_name(name))
    if len(content) > MOST_BYTES:
        raise FileRefusedError(Code.FILE_TOO_LARGE, safe_name(name))
    # By content, not by extension: what a name claims proves nothing.
    return _unpacked(name, content) if content.startswith(ARCHIVE) else {safe_name(name): content}


@contextmanager
def received(uploads: Sequence[tuple[str, bytes]]) -> Iterator[Path]:
    """Give a temporary folder with the CSV files of several uploads (name, content), removed at the end.

    Raises:
        FileRefusedError: one of them cannot be taken, or two have the same name.
    """
    with tempfile.TemporaryDirectory(prefix="intersession-upload-") as name:
        folder = Path(name)
        for uploaded, content in uploads:
            for member, data in _members(uploaded, content).items():
                if (folder / member).exists():
                    raise FileRefusedError(Code.TOO_COMPLEX, member)
                (folder / member).write_bytes(data)
        yield folder


def _unpacked(name: str, content: bytes) -> dict[str, bytes]:
    """Return the CSV files of an archive by safe name; sizes are counted while inflating, whatever it claims."""
    refusal = FileRefusedError(Code.BAD_ZIP, safe_name(name))
    left = min(MOST_BYTES, MOST_RATIO * len(content))
    found: dict[str, bytes] = {}
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            if len(entries) > MOST_MEMBERS:
                raise refusal
            for entry in entries:
                if entry.external_attr >> 16 & KIND == SYMLINK:
                    raise refusal
                if entry.is_dir() or not entry.filename.lower().endswith(".csv"):
                    continue
                data = _inflate(archive, entry, left)
                left -= len(data)
                member = safe_name(entry.filename)
                if left < 0 or member in found:
                    raise refusal
                found[member] = data
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError):
        raise refusal from None
    if not found:
        raise FileRefusedError(Code.NOT_A_CSV, safe_name(name))
    return found


def _inflate(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, most: int) -> bytes:
    data = bytearray()
    with archive.open(entry) as stream:
        while len(data) <= most and (chunk := stream.read(CHUNK)):
            data += chunk
    return bytes(data)
