"""The process that reads an uploaded document, confined: what it is, whether it is harmless, and a clean copy of it.

The upload comes on standard input. On standard output comes one line of JSON, and the clean copy when there is one.
What a name claims proves nothing: the first bytes decide, and what is stored was written anew from what was decoded.
"""

from __future__ import annotations

import io
import json
import sys
import warnings
from typing import Any

from dashboard.confinement import confine

SECONDS = 10
MOST_PIXELS = 20_000_000
MOST_PAGES = 500
LONGEST_SIDE = 14_400
"""Of a page, in points: 5.08 m, the most that PDF readers agree on."""
PDF, PNG, JPEG = b"%PDF-", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"

ACTIONS = {"/JavaScript", "/Launch", "/SubmitForm", "/ImportData", "/GoToR", "/GoToE", "/Rendition", "/RichMedia"}
"""What a page must not do when it is opened or clicked."""
ACTIVE = ("/OpenAction", "/AA", "/AcroForm", "/AF", "/Collection", "/Threads", "/Perms")
ACTIVE_NAMES = ("/JavaScript", "/EmbeddedFiles", "/Renditions")


class RefusedError(Exception):
    """The document is not taken; the message is its code."""


def clean(content: bytes) -> tuple[str, bytes]:
    """Return the media type of a document and a clean copy of it.

    Raises:
        RefusedError: with the code of why not.
    """
    if content.startswith(PDF):
        return "application/pdf", _clean_pdf(content)
    if content.startswith((PNG, JPEG)):
        return _clean_image(content)
    raise RefusedError("NOT_A_DOCUMENT")


def _clean_image(content: bytes) -> tuple[str, bytes]:
    from PIL import Image, ImageOps  # noqa: PLC0415 - only images need it

    warnings.simplefilter("error")
    try:
        with Image.open(io.BytesIO(content), formats=("PNG", "JPEG")) as image:
            if image.width * image.height > MOST_PIXELS:
                raise RefusedError("IMAGE_TOO_LARGE")
            image.load()
            # A picture taken sideways says so in what is not kept.
            upright = ImageOps.exif_transpose(image)
            kind = "PNG" if image.format == "PNG" else "JPEG"
            drawn = upright.convert(_mode(upright.mode, kind))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise RefusedError("IMAGE_TOO_LARGE") from None
    except (OSError, ValueError, SyntaxError, Warning):
        raise RefusedError("BAD_IMAGE") from None
    out = io.BytesIO()
    # Pixels only: no place, no thumbnail, no comment, no profile.
    Image.frombytes(drawn.mode, drawn.size, drawn.tobytes()).save(out, kind, quality=90)
    return f"image/{kind.lower()}", out.getvalue()


def _mode(mode: str, kind: str) -> str:
    if mode in {"1", "L"}:
        return "L"
    return "RGBA" if kind == "PNG" and mode in {"RGBA", "LA", "P", "PA"} else "RGB"


def _clean_pdf(content: bytes) -> bytes:
    import pikepdf  # noqa: PLC0415 - only PDFs need it

    try:
        with pikepdf.open(io.BytesIO(content)) as pdf:
            _require_bounds(pdf)
            _take_actions_away(pdf)
            out = io.BytesIO()
            pdf.save(out, object_stream_mode=pikepdf.ObjectStreamMode.generate, deterministic_id=True)
        with pikepdf.open(io.BytesIO(out.getvalue())) as pdf:
            if any(_acts(found) for found in pdf.objects):
                raise RefusedError("ACTIVE_CONTENT")
    except pikepdf.PasswordError:
        raise RefusedError("ENCRYPTED") from None
    except (pikepdf.PdfError, ValueError, TypeError, KeyError, AttributeError, RuntimeError):
        raise RefusedError("BAD_PDF") from None
    return out.getvalue()


def _require_bounds(pdf: Any) -> None:
    if pdf.is_encrypted:
        raise RefusedError("ENCRYPTED")
    if not 0 < len(pdf.pages) <= MOST_PAGES:
        raise RefusedError("TOO_MANY_PAGES" if len(pdf.pages) else "BAD_PDF")
    for page in pdf.pages:
        left, bottom, right, top = (float(number) for number in page.mediabox)
        if max(abs(right - left), abs(top - bottom)) > LONGEST_SIDE:
            raise RefusedError("PAGE_TOO_LARGE")


def _take_actions_away(pdf: Any) -> None:
    # Who wrote it with which program is nobody's business here.
    _without(pdf.trailer, "/Info")
    _without(pdf.Root, *ACTIVE, "/Metadata")
    _without(pdf.Root.get("/Names", {}), *ACTIVE_NAMES)
    for page in pdf.pages:
        _without(page.obj, "/AA", "/AF", "/Metadata", "/PieceInfo")
        for annotation in page.obj.get("/Annots", []):
            _without(annotation, "/AA", "/A", "/FS", "/RichMediaContent")


def _without(found: Any, *names: str) -> None:
    for name in names:
        if name in found:
            del found[name]


def _acts(found: Any) -> bool:
    """Whether an object is an action other than going to a page or an address, or carries a file or a script."""
    import pikepdf  # noqa: PLC0415 - only PDFs need it

    if not isinstance(found, pikepdf.Dictionary | pikepdf.Stream):
        return False
    kind = found.get("/S")
    is_action = isinstance(kind, pikepdf.Name) and str(kind) in ACTIONS
    return is_action or "/JS" in found or "/EF" in found or str(found.get("/Type")) == "/EmbeddedFile"


def main() -> None:
    """Read standard input; write what it is, or why it is refused, and the clean copy."""
    content = sys.stdin.buffer.read()
    confine(SECONDS)
    said, copy = {}, b""
    try:
        said["media_type"], copy = clean(content)
    except RefusedError as refused:
        said["refusal"] = str(refused)
    except (MemoryError, RecursionError):
        said["refusal"] = "TOO_COMPLEX"
    sys.stdout.buffer.write(json.dumps(said).encode() + b"\n" + copy)


if __name__ == "__main__":
    main()
