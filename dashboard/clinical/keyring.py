"""Master keys: one ``name key`` a line, the newest last; in a file that only its owner can read, or the environment."""

from __future__ import annotations

import base64
import binascii
import os
import tempfile
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from dashboard.clinical.errors import KeyMissingError, WrongKeyError
from dashboard.clinical.sealing import KEY_BYTES, MasterKey, new_secret
from dashboard.config import settings

OPEN_TO_OTHERS = 0o077
HOW_TO = (
    "Set INTERSESSION_MASTER_KEY_FILE to the file that holds the master key (or INTERSESSION_MASTER_KEY to the key),"
    " or, in a new installation, make one with `intersession keys init`."
)


class Keyring:
    """The master keys of this installation: the newest wraps, every one unwraps."""

    def __init__(self, keys: Sequence[MasterKey]) -> None:
        self._keys = {key.id: key for key in keys}

    @property
    def newest(self) -> MasterKey:
        """Return the key that wraps.

        Raises:
            KeyMissingError: there is none.
        """
        if not self._keys:
            raise KeyMissingError(f"No master key is configured. {HOW_TO}")
        return next(reversed(self._keys.values()))

    @property
    def ids(self) -> list[str]:
        """Return the names of the keys, oldest first."""
        return list(self._keys)

    @property
    def every(self) -> list[MasterKey]:
        """Return the keys, oldest first."""
        return list(self._keys.values())

    def find(self, master_id: str) -> MasterKey | None:
        """Return the key of that name, if it is here."""
        return self._keys.get(master_id)


def key_file() -> Path:
    """Return the file of the master keys, whether or not it is there."""
    return settings().master_key_file or settings().data_dir / "master.key"


def is_in_environment() -> bool:
    """Return whether the master keys come from the environment and not from a file."""
    return settings().master_key is not None and settings().master_key_file is None


def keyring() -> Keyring:
    """Return the master keys, empty when none is configured; a file that changed is read anew.

    Raises:
        WrongKeyError: a line is no key, or others can read the file.
    """
    if is_in_environment():
        return parsed(str(settings().master_key))
    path = key_file()
    try:
        state = path.stat()
    except FileNotFoundError:
        return Keyring([])
    except OSError:
        raise KeyMissingError(f"The file of the master key cannot be read: {path}.") from None
    if state.st_mode & OPEN_TO_OTHERS:
        raise WrongKeyError(f"Others can read the master key. Run: chmod 600 {path}")
    return _read(path, state.st_mtime_ns, state.st_ino)


@lru_cache(maxsize=2)
def _read(path: Path, _changed: int, _file: int) -> Keyring:
    return parsed(path.read_text(encoding="ascii"))


def parsed(text: str) -> Keyring:
    """Return the keys of a text of lines, or of one line with commas.

    Raises:
        WrongKeyError: a line is no key.
    """
    lines = [line.split() for line in text.replace(",", "\n").splitlines() if line.strip()]
    return Keyring([_key(line) for line in lines if not line[0].startswith("#")])


def _key(line: list[str]) -> MasterKey:
    try:
        key = MasterKey(base64.b64decode(line[-1], validate=True))
    except binascii.Error:
        key = MasterKey(b"")
    if len(key.secret) != KEY_BYTES or len(line) > 2:
        raise WrongKeyError("A line of the master keys is no key: it must hold 32 bytes in base64.")
    if len(line) == 2 and line[0] != key.id:
        raise WrongKeyError("A master key is not the one that its line names: it was changed or cut.")
    return key


def line_of(key: MasterKey) -> str:
    """Return the line that holds a key."""
    return f"{key.id} {base64.b64encode(key.secret).decode()}"


def add_key() -> MasterKey:
    """Add a new master key to the file, as the newest. The file is whole at any moment, and on the disk at the end."""
    key, path = MasterKey(new_secret()), key_file()
    present = path.read_text(encoding="ascii") if path.exists() else ""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix="new-")  # mode 0600
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(f"{present}{line_of(key)}\n")
        file.flush()
        os.fsync(descriptor)
    if present:
        Path(name).replace(path)
    else:
        _place_first(Path(name), path)
    return keyring().newest


def _place_first(new: Path, path: Path) -> None:
    """Put the first key in place; when two processes make one at once, the first stays and is used by both."""
    try:
        path.hardlink_to(new)
    except FileExistsError:
        pass
    finally:
        new.unlink()


def ensure_key() -> None:
    """Make a master key where none is configured: for the synthetic practice and a new embedded database."""
    if not keyring().ids and not is_in_environment():
        add_key()
