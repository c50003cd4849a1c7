"""The mapping of a source: a YAML file that says which files and columns mean what, checked before anything is read."""

from __future__ import annotations

import hashlib
import json
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, Self
from zoneinfo import ZoneInfo

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from dashboard.imports.codes import Code
from dashboard.imports.entities import ENTITIES
from dashboard.imports.values import known_format

FOLDER = Path(__file__).parent / "mappings"
STEPS = ("lower", "upper", "title", "first_word", "after_first_word", "before_or", "digits", "cut")
Step = Literal["lower", "upper", "title", "first_word", "after_first_word", "before_or", "digits", "cut"]


class MappingError(Exception):
    """A mapping breaks a rule: the message names the file, the key and the rule."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Formats(_Part):
    """How dates, moments and amounts are written; a field may declare its own."""

    date: list[str] = ["iso"]
    timestamp: list[str] = ["iso"]
    decimal: Literal[".", ","] = "."
    thousands: Literal["", ".", ",", " ", "'"] = ""
    too_fine: Literal["refuse", "round"] = "refuse"

    @model_validator(mode="after")
    def _known(self) -> Self:
        for written in (*self.date, *self.timestamp):
            if not known_format(written):
                raise ValueError(f"the format {written!r} needs YYYY and each part once")
        if self.decimal == self.thousands:
            raise ValueError("decimal and thousands are the same character")
        return self


class FieldRule(_Part):
    """Where one field's value comes from: a column, several joined, or a constant; then steps and a list of values."""

    column: str | None = None
    columns: list[str] = []
    join: str = " "
    constant: str | int | None = None
    steps: list[Step] = []
    null_words: list[str] = []
    values: dict[str, str] = {}
    otherwise: str | None = None
    default: str | None = None
    is_required: bool = Field(default=False, alias="required")
    formats: list[str] = []
    too_fine: Literal["refuse", "round"] | None = None

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        origins = [self.column is not None, bool(self.columns), self.constant is not None]
        if sum(origins) != 1:
            raise ValueError("give exactly one of column, columns, constant")
        for written in self.formats:
            if not known_format(written):
                raise ValueError(f"the format {written!r} needs YYYY and each part once")
        return self

    @property
    def all_columns(self) -> list[str]:
        """Return the columns that the value is made of."""
        return [self.column] if self.column else self.columns


class Condition(_Part):
    """A test of one column: its value is in a list (without regard to case), blank, outside a range, or a later day.

    ``outside`` holds for whatever is written there and is not a whole number of the range; ``later_day_than`` names
    another column, and holds when both are moments that can be read.
    """

    column: str
    is_in: list[str] = Field(default=[], alias="in")
    blank: bool = False
    outside: tuple[int, int] | None = None
    later_day_than: str | None = None

    @model_validator(mode="after")
    def _one_test(self) -> Self:
        tests = [bool(self.is_in), self.blank, self.outside is not None, self.later_day_than is not None]
        if sum(tests) != 1:
            raise ValueError("give exactly one of in, blank, outside, later_day_than")
        if self.outside and self.outside[0] > self.outside[1]:
            raise ValueError("outside takes the least and the most")
        return self

    @property
    def all_columns(self) -> list[str]:
        """Return the columns that are looked at."""
        return [self.column, *([self.later_day_than] if self.later_day_than else [])]


class EntityRule(_Part):
    """One entity that each row of a file, or each row that meets ``when``, brings.

    A derived one is read off rows that are about something else; a stand-in is a derived one that only counts when the
    source has nothing better under the same id.
    """

    entity: str
    external_id: FieldRule
    fields: dict[str, FieldRule]
    when: Condition | None = None
    nobody: Condition | None = None
    is_derived: bool = Field(default=False, alias="derived")
    is_stand_in: bool = Field(default=False, alias="stand_in")

    @model_validator(mode="after")
    def _known_fields(self) -> Self:
        if self.entity not in ENTITIES:
            raise ValueError(f"entity {self.entity!r} is not one of {', '.join(ENTITIES)}")
        if self.is_stand_in and not self.is_derived:
            raise ValueError("a stand_in is also derived")
        known = ENTITIES[self.entity].fields
        for name, rule in self.fields.items():
            if name not in known:
                raise ValueError(f"field {name!r} is not one of {self.entity}: {', '.join(known)}")
            chosen = {*rule.values.values(), *(word for word in (rule.otherwise, rule.default) if word)}
            if isinstance(rule.constant, str):
                chosen.add(rule.constant)
            if known[name].choices and not chosen <= set(known[name].choices):
                raise ValueError(f"field {name!r} takes only {', '.join(known[name].choices)}")
        missing = [name for name, spec in known.items() if spec.is_required and name not in self.fields]
        if missing:
            raise ValueError(f"{self.entity} needs the fields {', '.join(missing)}")
        return self


class SkipRule(_Part):
    """Rows that are counted and set aside: what they are called and why."""

    when: Condition
    called: str
    code: Code = Code.NOT_APPLICABLE


class FileRule(_Part):
    """One kind of file: its names in order of preference, the headers of its columns, and what its rows bring.

    ``signature`` lists the columns by which a file of another name is recognised; without it only names count.
    """

    names: list[str]
    columns: dict[str, list[str]]
    required: list[str]
    signature: list[str] = []
    skip: list[SkipRule] = []
    rows: list[EntityRule]

    @model_validator(mode="after")
    def _known_columns(self) -> Self:
        used = {*self.required, *self.signature}
        for rule in self.rows:
            for origin in (rule.external_id, *rule.fields.values()):
                used.update(origin.all_columns)
            for condition in (rule.when, rule.nobody):
                used.update(condition.all_columns if condition else ())
        for skipped in self.skip:
            used.update(skipped.when.all_columns)
        if unknown := used - set(self.columns):
            raise ValueError(f"columns used but not listed: {', '.join(sorted(unknown))}")
        return self


class Mapping(_Part):
    """A source system: how its files are written and what they mean."""

    source: str = Field(pattern=r"^[a-z][a-z0-9_]{1,39}$")
    title: str
    delimiter: Literal[",", ";", "\t", "|"] = ","
    encodings: list[Literal["utf-8", "cp1252"]] = ["utf-8"]
    null_words: list[str] = []
    time_zone: str
    invoice_series: str = Field(default="IMPORT", pattern=r"^[A-Z0-9-]{1,20}$")
    payment_days: int = Field(default=30, ge=0, le=365)
    formats: Formats = Formats()
    files: dict[str, FileRule]

    @model_validator(mode="after")
    def _known_zone(self) -> Self:
        try:
            ZoneInfo(self.time_zone)
        except (KeyError, ValueError, OSError):
            raise ValueError(f"time_zone {self.time_zone!r} is not an IANA name") from None
        return self

    @cached_property
    def version(self) -> str:
        """Return a hash of everything the mapping says: the same content by another mapping is another import."""
        said = json.dumps(self.model_dump(mode="json", by_alias=True), sort_keys=True)
        return hashlib.sha256(said.encode()).hexdigest()


def read_mapping(path: Path) -> Mapping:
    """Read and check one mapping.

    Raises:
        MappingError: names the file, the key and the rule that is broken.
    """
    try:
        said: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
        return Mapping.model_validate(said)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        key = ".".join(str(part) for part in first["loc"]) or "the whole file"
        raise MappingError(f"{path.name}: {key}: {first['msg']}") from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise MappingError(f"{path.name}: the whole file: not readable as YAML ({type(error).__name__})") from None


def mapping_path(name: str) -> Path:
    """Return the file of a mapping: one of ours by its name, or any by its path."""
    own = FOLDER / f"{name}.yaml"
    if own.parent == FOLDER and own.exists():
        return own
    if Path(name).suffix in {".yaml", ".yml"} and Path(name).exists():
        return Path(name)
    raise MappingError(f"{name}: there is no such mapping; known are {', '.join(known_mappings())}")


def known_mappings() -> list[str]:
    """Return the names of the mappings that come with the application."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))
