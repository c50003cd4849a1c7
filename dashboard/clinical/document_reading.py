"""Has an uploaded document read in a process of its own, and takes its clean copy."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, field

from dashboard import confinement
from dashboard.access.actor import RuleBrokenError
from dashboard.config import ROOT

MOST_BYTES = 10_000_000
MOST_STORED = 20_000_000
SECONDS = 30
REFUSALS = {
    "EMPTY_FILE": RuleBrokenError("The document is empty."),
    "FILE_TOO_LARGE": RuleBrokenError("The document is larger than 10 MB."),
    "NOT_A_DOCUMENT": RuleBrokenError("The document is neither a PDF nor a PNG or JPEG picture."),
    "IMAGE_TOO_LARGE": RuleBrokenError("The picture has more than 20 million pixels."),
    "BAD_IMAGE": RuleBrokenError("The picture is damaged."),
    "BAD_PDF": RuleBrokenError("The PDF is damaged."),
    "ENCRYPTED": RuleBrokenError("The PDF asks for a password. Save it without one."),
    "TOO_MANY_PAGES": RuleBrokenError("The PDF has more than 500 pages."),
    "PAGE_TOO_LARGE": RuleBrokenError("The PDF has a page of more than 5 metres."),
    "ACTIVE_CONTENT": RuleBrokenError("The PDF runs something when it is opened. Print it to a new PDF and add that."),
    "TOO_COMPLEX": RuleBrokenError("The document takes too long to read."),
}


class DocumentRefusedError(RuleBrokenError):
    """A document is not taken; ``code`` tells why, in ``REFUSALS`` its sentence."""

    def __init__(self, code: str) -> None:
        super().__init__(str(REFUSALS[code]))
        self.code = code


@dataclass(frozen=True)
class Clean:
    """A clean copy of a document."""

    media_type: str
    content: bytes = field(repr=False)


def read(content: bytes) -> Clean:
    """Return a clean copy of an uploaded document.

    Raises:
        DocumentRefusedError: it is no document of ours to take.
    """
    if not content:
        raise DocumentRefusedError("EMPTY_FILE")
    if len(content) > MOST_BYTES:
        raise DocumentRefusedError("FILE_TOO_LARGE")
    command = [sys.executable, "-m", "dashboard.clinical.document_child"]
    try:
        done = subprocess.run(
            command,
            input=content,
            capture_output=True,
            timeout=SECONDS,
            cwd=ROOT,
            env=confinement.environment(),
            check=False,
        )
        line, _, copy = done.stdout.partition(b"\n")
        said = json.loads(line)
    except (subprocess.TimeoutExpired, ValueError):
        # Stopped at a limit; what it wrote instead may quote the document.
        raise DocumentRefusedError("TOO_COMPLEX") from None
    if "refusal" in said:
        raise DocumentRefusedError(said["refusal"])
    if len(copy) > MOST_STORED:
        raise DocumentRefusedError("FILE_TOO_LARGE")
    return Clean(said["media_type"], copy)
