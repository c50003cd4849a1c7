"""Uploaded files: kept under names of ours, archives within limits, nothing outside the folder."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from dashboard.imports.codes import Code, FileRefusedError
from dashboard.imports.commands import receive_upload, run_import
from dashboard.imports.detection import detect, preview
from dashboard.imports.uploads import MOST_MEMBERS, safe_name


def archive(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in members.items():
            packed.writestr(name, content)
    return out.getvalue()


def refusal(name: str, content: bytes) -> Code:
    with pytest.raises(FileRefusedError) as refused:
        receive_upload(name, content)
    return refused.value.code


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/x.csv", "x.csv"),
        ("..\\..\\boot.ini.csv", "boot_ini.csv"),
        ("x" * 300 + ".csv", "x" * 60 + ".csv"),
        ("CON.csv", "con.csv"),
        ("😀\n\u202egnp.csv", "gnp.csv"),
        ("…", "file.csv"),
        ("payer_transitions.csv", "payer_transitions.csv"),
    ],
)
def test_a_name_is_reduced_to_letters_and_digits(name, kept):
    assert safe_name(name) == kept


def test_a_csv_is_stored_in_a_folder_of_its_own():
    folder = receive_upload("../patients.csv", b"Id\n1\n")
    assert [file.name for file in folder.iterdir()] == ["patients.csv"]
    assert folder.name.startswith("intersession-upload-")


def test_an_archive_never_writes_outside_its_folder():
    folder = receive_upload("x.zip", archive({"../../evil.csv": b"a\n", "/abs/patients.csv": b"a\n", "run.sh": b"x"}))
    assert sorted(file.name for file in folder.iterdir()) == ["evil.csv", "patients.csv"]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", Code.EMPTY_FILE),
        (archive({"bomb.csv": b"0" * 50_000_000}), Code.BAD_ZIP),
        (archive({f"{n}.csv": b"a" for n in range(MOST_MEMBERS + 1)}), Code.BAD_ZIP),
        (archive({"a.csv": b"1", "sub/a.csv": b"2"}), Code.BAD_ZIP),
        (archive({"a.txt": b"1"}), Code.NOT_A_CSV),
        (archive({"a.csv": b"1,2\n" * 1000})[:-30], Code.BAD_ZIP),
        (b"PK\x03\x04 not an archive", Code.BAD_ZIP),
    ],
)
def test_an_archive_beyond_the_limits_is_refused(content, code):
    assert refusal("x.zip", content) == code


def test_an_archive_with_a_link_is_refused():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        link = zipfile.ZipInfo("a.csv")
        link.external_attr = 0o120777 << 16
        packed.writestr(link, "/etc/passwd")
    assert refusal("x.zip", out.getvalue()) == Code.BAD_ZIP


def test_an_archive_is_imported_like_the_folder_it_was_made_of(practice, tmp_path, manager, database):
    packed = tmp_path / "export.zip"
    packed.write_bytes(archive({f"csv/{file.name}": file.read_bytes() for file in practice.iterdir()}))
    assert run_import(manager, packed).loaded
    assert run_import(manager, practice).already_done


def test_files_are_recognised_by_name_and_by_header(practice):
    (practice / "patients.csv").rename(practice / "people.csv")
    (practice / "careplans.csv").write_text("Id,START,STOP,PATIENT,ENCOUNTER,CODE\n")
    found = detect(practice)
    assert {file.path.name: file.rule for file in found.files if file.rule in {"patients", "claims"}} == {
        "people.csv": "patients",
        "claims.csv": "claims",
    }
    assert (found.source, found.unknown_files) == ("synthea", ["careplans.csv"])


def test_a_copy_of_the_same_people_is_not_read_beside_them(practice):
    (practice / "patients-with-nulls.csv").write_bytes((practice / "patients.csv").read_bytes())
    assert detect(practice).unknown_files == ["patients-with-nulls.csv"]


def test_a_preview_shows_the_first_rows_as_written(practice):
    header, rows = preview(practice, rows=1)["patients.csv"]
    assert (header[0], len(rows), rows[0][4]) == ("Id", 1, "Ana1")


def test_a_preview_of_a_folder_without_files_is_refused(tmp_path: Path):
    with pytest.raises(FileRefusedError):
        preview(tmp_path)
