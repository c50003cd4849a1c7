"""Prints clinical texts as a PDF, in memory only. The PDF's own fonts cover Western European letters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

FONT = "Helvetica"
TYPOGRAPHIC = str.maketrans(
    {"–": "-", "—": "-", "‘": "'", "’": "'", "“": '"', "”": '"', "…": "...", "€": "EUR", "•": "-"}
)


@dataclass(frozen=True)
class Block:
    """A part of a document: its heading, a line about it, and texts with their titles."""

    heading: str
    about: str
    texts: Sequence[tuple[str, str]] = field(repr=False)


def document(title: str, about: str, blocks: Sequence[Block]) -> bytes:
    """Return a PDF on A4. A letter that the fonts lack becomes a question mark."""
    from fpdf import FPDF  # noqa: PLC0415 - takes memory that most screens do not need

    pdf = FPDF(format="A4")
    pdf.set_auto_page_break(auto=True, margin=18)
    pdf.set_title(printable(title))
    pdf.add_page()

    def line(text: str, size: int, style: str = "", space: float = 1) -> None:
        pdf.set_font(FONT, style, size)
        pdf.multi_cell(0, size * 0.5, printable(text), new_x="LMARGIN", new_y="NEXT", align="L")
        pdf.ln(space)

    line(title, 16, "B")
    line(about, 9, space=4)
    for block in blocks:
        line(block.heading, 13, "B")
        line(block.about, 9, space=2)
        for name, text in block.texts:
            line(name, 10, "B", space=0)
            line(text, 10, space=2)
        pdf.ln(3)
    return bytes(pdf.output())


def printable(text: str) -> str:
    """Return ``text`` in the letters that the PDF's own fonts have."""
    return text.translate(TYPOGRAPHIC).encode("latin-1", "replace").decode("latin-1")
