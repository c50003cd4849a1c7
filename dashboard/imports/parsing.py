"""Runs the parser in a process of its own and hands its drafts on as they come."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Self

from dashboard import confinement
from dashboard.config import ROOT
from dashboard.imports.codes import Code, FileRefusedError

BLOCK = 1 << 18
DRAFT_PER_BYTE = 1.5


@dataclass(frozen=True)
class Parsed:
    """What the parser said at its end; see :class:`dashboard.imports.child.Summary`."""

    source: str
    mapping_version: str
    sha256: str
    read: dict[str, int]
    derived: list[str]
    files: list[str]
    unknown_files: list[str]


@dataclass
class Parsing:
    """A parser at work on one file or folder. Leaving the context ends it, whatever happened."""

    path: Path
    mapping: Path | None = None
    process: subprocess.Popen[bytes] = field(init=False)

    def __enter__(self) -> Self:
        """Start the parser with no part of the environment that holds a secret."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "dashboard.imports.child", str(self.path.resolve()), str(self.mapping or "-")],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=ROOT,
            env=confinement.environment(),
        )
        return self

    def __exit__(self, *_error: object) -> None:
        """End the parser and close its pipes."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()

    def blocks(self) -> Iterator[tuple[bytes, float]]:
        """Yield the drafts as COPY reads them, each block with the share done, guessed from the size of the files."""
        files = [self.path] if self.path.is_file() else self.path.glob("*.csv")
        expected = max(1, sum(file.stat().st_size for file in files)) * DRAFT_PER_BYTE
        output: IO[bytes] | None = self.process.stdout
        written = 0
        while output is not None and (block := output.read(BLOCK)):
            written += len(block)
            yield block, min(1.0, written / expected)

    def end(self) -> Parsed:
        """Return the summary, after the last block.

        Raises:
            FileRefusedError: the parser refused a file, or was stopped at a limit.
        """
        said = self.process.stderr.read() if self.process.stderr else b""
        self.process.wait()
        try:
            summary: dict[str, Any] = json.loads(said.strip().rpartition(b"\n")[2])
            refusal = summary.pop("refusal")
        except (ValueError, KeyError, AttributeError):
            # What it wrote instead may quote the file, so it is dropped.
            raise FileRefusedError(Code.TOO_COMPLEX, self.path.name) from None
        if refusal:
            raise FileRefusedError(Code(refusal[0]), refusal[1], refusal[2])
        return Parsed(**summary)
