"""Bad CSV files: each is refused with its code and line, or read as what it means."""

from __future__ import annotations

import contextlib
import csv

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.imports import csv_reader
from dashboard.imports.codes import Code, FileRefusedError
from dashboard.imports.csv_reader import Limits


@pytest.fixture
def read(tmp_path):
    def read(content: bytes, **options):
        file = tmp_path / "file.csv"
        file.write_bytes(content)
        with csv_reader.opened(file, **options) as table:
            return table.header, list(table.rows)

    return read


@pytest.fixture
def refusal(read):
    def refusal(content: bytes, **options) -> tuple[str, int | None]:
        with pytest.raises(FileRefusedError) as refused:
            read(content, **options)
        return refused.value.code, refused.value.line

    return refusal


def test_an_empty_file_is_refused(refusal):
    assert refusal(b"") == (Code.EMPTY_FILE, None)


@pytest.mark.parametrize("content", [b"\n\n", b"\xef\xbb\xbf", b"  \n"])
def test_a_file_of_blank_lines_is_empty(refusal, content):
    assert refusal(content)[0] == Code.EMPTY_FILE


def test_a_header_alone_is_a_file_without_rows(read):
    assert read(b"a,b\n") == (["a", "b"], [])


def test_a_byte_order_mark_is_not_part_of_the_first_column(read):
    assert read(b"\xef\xbb\xbfa,b\n1,2\n") == (["a", "b"], [(2, ["1", "2"])])


def test_windows_text_is_read_when_the_mapping_declares_it(read):
    assert read("a\nMuñoz\n".encode("cp1252"), encodings=["utf-8", "cp1252"])[1] == [(2, ["Muñoz"])]


def test_windows_text_is_refused_when_the_mapping_does_not_declare_it(refusal):
    assert refusal("a\nb\nMuñoz\n".encode("cp1252")) == (Code.ENCODING, 3)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le"])
def test_two_byte_text_is_refused_and_not_read_as_twice_the_columns(refusal, encoding):
    assert refusal("a,b\n1,2\n".encode(encoding))[0] == Code.ENCODING


def test_text_cut_within_a_character_is_refused(refusal):
    assert refusal("a\nMuñ".encode()[:-1]) == (Code.ENCODING, 2)


def test_a_nul_byte_is_refused_with_its_line(refusal):
    assert refusal(b"a,b\n1,2\n3,4" + b"\0" + b"\n") == (Code.NUL_BYTE, 3)


@pytest.mark.parametrize(
    "content",
    [
        b'a,b\n1,"open\n2,x\n3,y\n',
        b'a,b\n1,"Ana\n2,Bob\n3,"Eva"\n',
        b'a,b\n1,"in"side\n',
        b'a,b\n1,"open\n' + b"2,x\n" * 200 + b'3,"\n',
    ],
)
def test_an_open_quote_does_not_swallow_rows(refusal, content):
    assert refusal(content) == (Code.UNBALANCED_QUOTE, 2)


def test_a_quoted_field_may_hold_line_ends_separators_and_quotes(read):
    assert read(b'a,b\n1,"x\ny, ""z"""\n2,w\n')[1] == [(2, ["1", 'x\ny, "z"']), (4, ["2", "w"])]


def test_a_field_of_200_000_characters_is_refused_with_its_line(refusal):
    assert refusal(b"a,b\n1,2\n3," + b"x" * 200_000 + b"\n") == (Code.FIELD_TOO_LONG, 3)


def test_a_line_without_end_is_refused_without_reading_all_of_it(refusal):
    assert refusal(b"a\n" + b"x" * 5_000_000) == (Code.FIELD_TOO_LONG, 2)


@pytest.mark.parametrize("row", [b"1", b"1,2,3", b"1,2,"])
def test_a_row_of_another_width_is_refused_with_its_line(refusal, row):
    assert refusal(b"a,b\n1,2\n" + row + b"\n") == (Code.COLUMN_COUNT, 3)


def test_5_000_columns_are_refused(refusal):
    assert refusal(b",".join(b"c%d" % number for number in range(5000)) + b"\n")[0] == Code.COLUMN_COUNT


@pytest.mark.parametrize("header", [b"a,a", b"Start, START ", b"a  b,A B"])
def test_two_columns_of_one_name_are_refused(refusal, header):
    assert refusal(header + b"\n1,2\n") == (Code.DUPLICATE_HEADER, 1)


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_every_kind_of_line_end_reads_alike(read, end):
    assert read(end.join([b"a,b", b"1,2", b"", b"3,4", b"", b""]))[1] == [(2, ["1", "2"]), (4, ["3", "4"])]


def test_mixed_line_ends_read_alike(read):
    assert [cells for _, cells in read(b"a,b\r\n1,2\r3,4\n5,6")[1]] == [["1", "2"], ["3", "4"], ["5", "6"]]


def test_more_rows_than_the_limit_are_refused(refusal):
    assert refusal(b"a\n" + b"1\n" * 11, limits=Limits(rows=10)) == (Code.TOO_MANY_ROWS, 12)


def test_a_file_beyond_the_size_limit_is_refused_unread(refusal):
    assert refusal(b"a\n" + b"1\n" * 11, limits=Limits(bytes=10))[0] == Code.FILE_TOO_LARGE


def test_peeking_reads_the_first_rows_and_shows_nothing_of_what_it_cannot_read(tmp_path):
    file = tmp_path / "file.csv"
    file.write_bytes(b"a;b\n1;2\n3;4\n")
    assert csv_reader.peek(file, 1, delimiter=";") == (["a", "b"], [["1", "2"]])
    file.write_bytes(b"\xff\xff")
    assert csv_reader.peek(file, 1) == ([], [])


CELL = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=12)


@given(st.lists(st.lists(CELL, min_size=3, max_size=3), max_size=8))
def test_whatever_a_csv_writer_writes_is_read_as_it_was(tmp_path_factory, written):
    file = tmp_path_factory.mktemp("csv") / "file.csv"
    with file.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, quoting=csv.QUOTE_ALL).writerows([["a", "b", "c"], *written])
    with csv_reader.opened(file) as table:
        assert [cells for _, cells in table.rows] == written


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_with_a_code(tmp_path_factory, content):
    file = tmp_path_factory.mktemp("csv") / "file.csv"
    file.write_bytes(content)
    with (
        contextlib.suppress(FileRefusedError),
        csv_reader.opened(file, encodings=["utf-8", "cp1252"]) as table,
    ):
        assert all(len(cells) == len(table.header) for _, cells in table.rows)
