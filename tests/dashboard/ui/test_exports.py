"""Lists leave as a CSV that no spreadsheet runs."""

from __future__ import annotations

import csv
import io

import pandas as pd
import pytest

from dashboard.access.actor import NotAllowedError
from dashboard.ui.exports import as_csv, csv_button, harmless


@pytest.mark.parametrize(
    "cell",
    [
        "=1+1",
        "+34 600 123 123",
        "-1+2",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "\uff1dHYPERLINK(1)",
        "\uff0b1",
        "\uff20x",
        "-",
        "--1",
    ],
)
def test_what_a_spreadsheet_would_run_begins_with_an_apostrophe(cell) -> None:
    assert harmless(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["-12", "-12.50", "-3,5", "Ana", "", "1-2", 7, -7, 2.5, None, True])
def test_numbers_and_plain_words_stay_as_they_are(cell) -> None:
    assert harmless(cell) == cell


def test_the_file_is_read_back_as_it_was_with_its_accents_and_line_breaks() -> None:
    frame = pd.DataFrame({"=name": ["Núñez", 'O"Hara, Ana', "two\nlines"], "amount": [-1.5, 2.0, None]})
    content = as_csv(frame)
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    assert rows == [["'=name", "amount"], ["Núñez", "-1.5"], ['O"Hara, Ana', "2.0"], ["two\nlines", ""]]


def test_nothing_is_offered_to_nobody() -> None:
    with pytest.raises(NotAllowedError):
        csv_button(None, pd.DataFrame(), "list", "today_csv")
