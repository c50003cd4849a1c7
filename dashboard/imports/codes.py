"""Every reason an import can give, as a stable code with one plain sentence; pages translate the sentence."""

from __future__ import annotations

from enum import StrEnum


class Code(StrEnum):
    """Why a file was refused, or why a row was set aside or flagged."""

    # The file is refused and nothing is written.
    NOT_FOUND = "NOT_FOUND"
    NOTHING_RECOGNISED = "NOTHING_RECOGNISED"
    EMPTY_FILE = "EMPTY_FILE"
    ENCODING = "ENCODING"
    NUL_BYTE = "NUL_BYTE"
    UNBALANCED_QUOTE = "UNBALANCED_QUOTE"
    FIELD_TOO_LONG = "FIELD_TOO_LONG"
    COLUMN_COUNT = "COLUMN_COUNT"
    DUPLICATE_HEADER = "DUPLICATE_HEADER"
    MISSING_COLUMN = "MISSING_COLUMN"
    TOO_MANY_ROWS = "TOO_MANY_ROWS"
    FILE_TOO_LARGE = "FILE_TOO_LARGE"
    BAD_ZIP = "BAD_ZIP"
    NOT_A_CSV = "NOT_A_CSV"
    TOO_COMPLEX = "TOO_COMPLEX"
    # One row is set aside; the others are loaded.
    REQUIRED = "REQUIRED"
    AMOUNT = "AMOUNT"
    AMOUNT_SCALE = "AMOUNT_SCALE"
    DATE = "DATE"
    NUMBER = "NUMBER"
    TOO_LONG = "TOO_LONG"
    UNKNOWN_VALUE = "UNKNOWN_VALUE"
    UNKNOWN_KIND = "UNKNOWN_KIND"
    UNKNOWN_REFERENCE = "UNKNOWN_REFERENCE"
    BAD_INTERVAL = "BAD_INTERVAL"
    CONFLICT = "CONFLICT"
    ALREADY_BOOKED = "ALREADY_BOOKED"
    BOOKING_LENGTH = "BOOKING_LENGTH"
    NOT_APPLICABLE = "NOT_APPLICABLE"
    NO_TRANSACTIONS = "NO_TRANSACTIONS"
    IMPOSSIBLE_AGE = "IMPOSSIBLE_AGE"
    BOOKED_AFTER = "BOOKED_AFTER"
    # The row is loaded, and reported.
    DAY_ONLY = "DAY_ONLY"
    LONG_DURATION = "LONG_DURATION"
    OVERLAP_THERAPIST = "OVERLAP_THERAPIST"
    OVERLAP_PATIENT = "OVERLAP_PATIENT"
    REFERENCE_LEFT_EMPTY = "REFERENCE_LEFT_EMPTY"


SENTENCES: dict[Code, str] = {
    Code.NOT_FOUND: "There is no such file or folder.",
    Code.NOTHING_RECOGNISED: "No file here is one that this mapping knows.",
    Code.EMPTY_FILE: "The file is empty.",
    Code.ENCODING: "The file is not in an encoding that the mapping declares.",
    Code.NUL_BYTE: "The file holds a NUL byte, which no text has.",
    Code.UNBALANCED_QUOTE: "A quotation mark is opened and not closed, or stands inside a field.",
    Code.FIELD_TOO_LONG: "A field or a line is longer than any real one.",
    Code.COLUMN_COUNT: "A line has more or fewer columns than the header.",
    Code.DUPLICATE_HEADER: "Two columns have the same name.",
    Code.MISSING_COLUMN: "A column that is needed is missing.",
    Code.TOO_MANY_ROWS: "The file has more rows than one import takes.",
    Code.FILE_TOO_LARGE: "The file is larger than one import takes.",
    Code.BAD_ZIP: "The archive is damaged, too large when unpacked, or holds more than plain files.",
    Code.NOT_A_CSV: "The file is neither a CSV file nor an archive of CSV files.",
    Code.TOO_COMPLEX: "Reading the file took more time or memory than is allowed.",
    Code.REQUIRED: "A value that is needed is missing.",
    Code.AMOUNT: "The amount is not a number in the format of the mapping.",
    Code.AMOUNT_SCALE: "The amount has more decimals than the currency, and is not rounded.",
    Code.DATE: "The date is not a day of the calendar in the format of the mapping.",
    Code.NUMBER: "The number is not a whole number.",
    Code.TOO_LONG: "A value is longer than its field.",
    Code.UNKNOWN_VALUE: "The value is not one that the mapping knows.",
    Code.UNKNOWN_KIND: "The row is of a kind that the mapping does not know.",
    Code.UNKNOWN_REFERENCE: "The row names another row that is not there.",
    Code.BAD_INTERVAL: "The end is not after the start.",
    Code.CONFLICT: "The same id has another content here or in the practice; a person decides which is right.",
    Code.ALREADY_BOOKED: "The hour is taken by another appointment of the therapist or the patient.",
    Code.BOOKING_LENGTH: "An appointment ahead lasts less than 5 minutes or more than 12 hours.",
    Code.NOT_APPLICABLE: "The row says nothing that the practice keeps.",
    Code.NO_TRANSACTIONS: "The claim has no charges in this export, so its amounts are unknown.",
    Code.IMPOSSIBLE_AGE: "The age is not one that a person can have.",
    Code.BOOKED_AFTER: "It was booked on a later day than its own.",
    Code.DAY_ONLY: "Loaded: the day is known and the hour is not, so it stands at noon.",
    Code.LONG_DURATION: "Loaded: it lasts more than 12 hours.",
    Code.OVERLAP_THERAPIST: "Loaded: the therapist has another appointment at the same time.",
    Code.OVERLAP_PATIENT: "Loaded: the patient has another appointment at the same time.",
    Code.REFERENCE_LEFT_EMPTY: "Loaded without a link to another row, which is not there.",
}


class FileRefusedError(Exception):
    """A whole file is refused: a code, the file's name and the line; never a value."""

    def __init__(self, code: Code, file: str | None = None, line: int | None = None) -> None:
        super().__init__(f"{code} {file or ''}:{line or ''}")
        self.code = code
        self.file = file
        self.line = line


class RowProblemError(Exception):
    """One row is set aside: a code and the field; never a value."""

    def __init__(self, code: Code, field: str | None = None) -> None:
        super().__init__(f"{code} {field or ''}")
        self.code = code
        self.field = field
