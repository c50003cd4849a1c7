"""Uploads: what they are is found out by content, what is stored is a clean copy, and what would act is not taken."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable

import pikepdf
import pytest
from fpdf import FPDF
from PIL import Image

from dashboard.clinical import document_reading
from dashboard.clinical.document_reading import REFUSALS, DocumentRefusedError, read
from dashboard.config import ROOT

WORD = "Whereabouts"


def picture(kind: str = "PNG", size: tuple[int, int] = (40, 30), mode: str = "RGB", **saved: object) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size).save(out, kind, **saved)
    return out.getvalue()


def pdf(change: Callable[[pikepdf.Pdf], object] = lambda _made: None, pages: int = 1, **saved: object) -> bytes:
    made = FPDF()
    for _page in range(pages):
        made.add_page()
        made.set_font("Helvetica", size=12)
        made.cell(text="A report")
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(bytes(made.output()))) as opened:
        change(opened)
        opened.save(out, **saved)
    return out.getvalue()


def action(**more: object) -> pikepdf.Dictionary:
    return pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS=f"app.alert('{WORD}')", **more)


def opens_with_script(made: pikepdf.Pdf) -> None:
    made.Root.OpenAction = made.make_indirect(action())


def page_script(made: pikepdf.Pdf) -> None:
    made.pages[0].obj.AA = pikepdf.Dictionary(O=action())


def link_launches(made: pikepdf.Pdf) -> None:
    launch = pikepdf.Dictionary(S=pikepdf.Name.Launch, F=WORD)
    link = pikepdf.Dictionary(Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Link, Rect=[0, 0, 9, 9], A=launch)
    made.pages[0].obj.Annots = pikepdf.Array([made.make_indirect(link)])


def attaches(made: pikepdf.Pdf) -> None:
    made.attachments["inside.exe"] = pikepdf.AttachedFileSpec(made, WORD.encode(), filename="inside.exe")


def submits(made: pikepdf.Pdf) -> None:
    button = pikepdf.Dictionary(S=pikepdf.Name.SubmitForm, F=WORD)
    made.Root.AcroForm = pikepdf.Dictionary(Fields=pikepdf.Array([pikepdf.Dictionary(A=button)]))


def names_author(made: pikepdf.Pdf) -> None:
    made.docinfo["/Author"] = WORD
    with made.open_metadata() as metadata:
        metadata["dc:creator"] = [WORD]


CHANGES = (opens_with_script, page_script, link_launches, attaches, submits, names_author)


@pytest.mark.parametrize("change", CHANGES)
def test_what_acts_in_a_pdf_is_not_in_the_copy(change: Callable[[pikepdf.Pdf], None]) -> None:
    given = pdf(change)
    copy = read(given)
    assert copy.media_type == "application/pdf"

    def told(content: bytes) -> str:
        with pikepdf.open(io.BytesIO(content)) as opened:
            parts = [repr(found) for found in opened.objects]
            parts += [
                found.read_bytes().decode("latin-1") for found in opened.objects if isinstance(found, pikepdf.Stream)
            ]
            return " ".join(parts)

    assert WORD in told(given) or WORD.encode() in given
    assert WORD not in told(copy.content)


def test_a_script_in_a_place_that_is_not_cleaned_is_refused() -> None:
    def hides(made: pikepdf.Pdf) -> None:
        made.pages[0].obj.Hidden = made.make_indirect(action())

    with pytest.raises(DocumentRefusedError) as refused:
        read(pdf(hides))
    assert refused.value.code == "ACTIVE_CONTENT"


def wide(made: pikepdf.Pdf) -> None:
    made.pages[0].mediabox = [0, 0, 500_000, 100]


def header_of(width: int, height: int) -> bytes:
    """Return a PNG that claims a size and holds next to nothing."""

    def part(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    size = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    lines = zlib.compress(b"\0" * 1_000_000, 9)
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", size) + part(b"IDAT", lines) + part(b"IEND", b"")


REFUSED = {
    "EMPTY_FILE": [b""],
    "FILE_TOO_LARGE": [b"%PDF-" + b"0" * 10_000_001],
    "NOT_A_DOCUMENT": [
        b"<html><script>alert(1)</script></html>",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"PK\x03\x04%PDF-1.7",
        b"GIF89a",
        b"<!-- -->%PDF-1.7",
    ],
    "IMAGE_TOO_LARGE": [header_of(30_000, 30_000), header_of(13_000, 13_000)],
    "BAD_IMAGE": [picture()[:60], b"\xff\xd8\xff" + b"0" * 100, header_of(4_000, 4_000)],
    "BAD_PDF": [b"%PDF-1.7 nothing follows", pdf()[:200]],
    "ENCRYPTED": [
        pdf(encryption=pikepdf.Encryption(owner="o", user="u")),
        pdf(encryption=pikepdf.Encryption(owner="o", user="")),
    ],
    "TOO_MANY_PAGES": [pdf(pages=501)],
    "PAGE_TOO_LARGE": [pdf(wide)],
}


@pytest.mark.parametrize(("code", "content"), [(code, one) for code, several in REFUSED.items() for one in several])
def test_what_is_no_document_of_ours_is_refused_with_its_code(code: str, content: bytes) -> None:
    with pytest.raises(DocumentRefusedError) as refused:
        read(content)
    assert refused.value.code == code
    assert str(refused.value) == str(REFUSALS[code])


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_picture_keeps_its_pixels_and_nothing_else(kind: str) -> None:
    told = Image.Exif()
    told[0x010E] = WORD  # description
    told[0x0112] = 6  # taken sideways
    told.get_ifd(0x8825)[1] = "N"  # place
    given = picture(kind, (40, 30), exif=told)
    assert WORD.encode() in given
    copy = read(given + b"<script>trailing</script>")
    assert copy.media_type == f"image/{kind.lower()}"
    assert WORD.encode() not in copy.content
    assert b"script" not in copy.content
    with Image.open(io.BytesIO(copy.content)) as image:
        assert image.size == (30, 40)
        assert not image.getexif()


@pytest.mark.parametrize(("kind", "mode"), [("JPEG", "CMYK"), ("PNG", "P"), ("PNG", "I;16"), ("PNG", "RGBA")])
def test_a_picture_of_another_make_is_taken(kind: str, mode: str) -> None:
    assert read(picture(kind, mode=mode)).content


def test_the_reader_stops_at_its_limit_and_quotes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document_reading, "SECONDS", 0.01)
    with pytest.raises(DocumentRefusedError) as refused:
        read(pdf(pages=200))
    assert refused.value.code == "TOO_COMPLEX"


def test_the_reader_is_confined() -> None:
    begun = "from dashboard.clinical import document_child as reader; reader.confine(9)"
    code = f"{begun}; import subprocess; subprocess.run(['true'])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert "PermissionError" in done.stderr
