"""Turns the rows of one file into drafts, as its mapping says. No database: a row in, drafts or a coded problem out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from dashboard.imports.codes import Code, FileRefusedError, RowProblemError
from dashboard.imports.csv_reader import folded
from dashboard.imports.entities import ENTITIES, STAND_IN, Entity, Field
from dashboard.imports.mapping import Condition, EntityRule, FieldRule, FileRule, Mapping
from dashboard.imports.values import (
    amount_parser,
    day_parser,
    tidy_key,
    tidy_text,
    timestamp_parser,
    whole_number,
)

Cells = Sequence[str]
Reading = Callable[[Cells], Any]
Written = Callable[[Cells], str | None]
LONGEST_KEY = 200


@dataclass(frozen=True)
class Draft:
    """What one row says about one entity; ``problem`` is set when it cannot be loaded."""

    entity: str
    external_id: str
    values: dict[str, Any]
    problem: RowProblemError | None = None
    is_derived: bool = False


def _before_or(text: str) -> str:
    return text.split(" Or ", 1)[0].split(" or ", 1)[0].strip()


def _after_first_word(text: str) -> str:
    return " ".join(text.split()[1:])


def _first_word(text: str) -> str:
    return next(iter(text.split()), "")


STEPS: dict[str, Callable[[str], str]] = {
    "lower": str.lower,
    "upper": str.upper,
    "title": str.title,
    "first_word": _first_word,
    "after_first_word": _after_first_word,
    "before_or": _before_or,
    "digits": lambda text: "".join(character for character in text if character in "0123456789"),
    "cut": lambda text: text[:200],
}


@dataclass(frozen=True)
class EntityReader:
    """Reads one entity from the cells of a row."""

    label: str
    entity: Entity
    is_derived: bool
    key: Callable[[Cells], str]
    fields: list[tuple[str, Reading]]
    applies: Callable[[Cells], bool] | None
    is_nobody: Callable[[Cells], bool] | None

    def draft(self, cells: Cells) -> Draft:
        """Return what the row says about the entity."""
        external_id, values = "", {}
        try:
            external_id = self.key(cells)
            if self.is_nobody is not None and self.is_nobody(cells):
                return Draft(self.label, external_id, {"nobody": True}, None, self.is_derived)
            for name, read in self.fields:
                value = read(cells)
                if value is not None:
                    values[name] = value
            _check_order(self.entity, values)
        except RowProblemError as problem:
            return Draft(self.label, external_id, {}, problem, self.is_derived)
        return Draft(self.label, external_id, values, None, self.is_derived)


class RowReader:
    """Reads the rows of one file, whose header is known, by one rule of a mapping."""

    def __init__(self, mapping: Mapping, rule: FileRule, header: Sequence[str], file: str) -> None:
        """Find the columns in the header.

        Raises:
            FileRefusedError: a needed column is missing.
        """
        self.mapping = mapping
        self.places = column_places(rule, header)
        if not set(rule.required) <= set(self.places):
            raise FileRefusedError(Code.MISSING_COLUMN, file, 1)
        self.skips = [(self._condition(skip.when), skip) for skip in rule.skip]
        self.rules = [self._entity(entity) for entity in rule.rows]
        self.first = next((entity.entity for entity in rule.rows if not entity.is_derived), "row")
        self.seen: set[tuple[str, str]] = set()

    def drafts(self, cells: Cells) -> Iterator[Draft]:
        """Yield what the row says: at least one draft, which carries the problem if there is one."""
        for applies, skip in self.skips:
            if applies(cells):
                yield Draft(skip.called, "", {}, RowProblemError(skip.code))
                return
        is_known = False
        for rule in self.rules:
            if rule.applies is not None and not rule.applies(cells):
                continue
            if not rule.is_derived:
                is_known = True
                yield rule.draft(cells)
            elif self._is_first(rule, cells):
                draft = rule.draft(cells)
                if draft.problem is None:
                    yield draft
        if not is_known:
            yield Draft(self.first, "", {}, RowProblemError(Code.UNKNOWN_KIND))

    def _is_first(self, rule: EntityReader, cells: Cells) -> bool:
        """Whether what is derived from the row was not derived from an earlier one."""
        try:
            known = (rule.label, rule.key(cells))
        except RowProblemError:
            return False
        if known in self.seen:
            return False
        self.seen.add(known)
        return True

    def _entity(self, rule: EntityRule) -> EntityReader:
        entity = ENTITIES[rule.entity]
        return EntityReader(
            label=rule.entity + (STAND_IN if rule.is_stand_in else ""),
            entity=entity,
            is_derived=rule.is_derived,
            key=self._key(rule.external_id),
            fields=[(name, self._field(name, entity.fields[name], field)) for name, field in rule.fields.items()],
            applies=self._condition(rule.when) if rule.when else None,
            is_nobody=self._condition(rule.nobody) if rule.nobody else None,
        )

    def _condition(self, condition: Condition) -> Callable[[Cells], bool]:
        read = self._text([condition.column], " ", [], [])
        if condition.later_day_than:
            return self._later_day(read, self._text([condition.later_day_than], " ", [], []))
        if condition.outside:
            return _outside(read, *condition.outside)
        words = {word.casefold() for word in condition.is_in}
        if condition.blank:
            return lambda cells: read(cells) is None
        return lambda cells: (read(cells) or "").casefold() in words

    def _later_day(self, read: Written, read_other: Written) -> Callable[[Cells], bool]:
        """Compare days where the mapping's clock is; what is no moment is left to the field that needs one."""
        day = day_parser(self.mapping.formats.timestamp, self.mapping.time_zone)

        def is_later(cells: Cells) -> bool:
            text, other = read(cells), read_other(cells)
            try:
                return text is not None and other is not None and day(text) > day(other)
            except RowProblemError:
                return False

        return is_later

    def _key(self, rule: FieldRule) -> Callable[[Cells], str]:
        read = self._written(rule)

        def key(cells: Cells) -> str:
            text = tidy_key(read(cells) or rule.default or "")
            if not text or len(text) > LONGEST_KEY:
                raise RowProblemError(Code.TOO_LONG if text else Code.REQUIRED, "external_id")
            return text

        return key

    def _written(self, rule: FieldRule) -> Written:
        if rule.constant is not None:
            constant = str(rule.constant)
            return lambda _cells: constant
        return self._text(rule.all_columns, rule.join, rule.steps, rule.null_words)

    def _text(self, columns: Sequence[str], join: str, steps: Sequence[str], null_words: Sequence[str]) -> Written:
        """Return a function that gives the text of some columns, or nothing when it is blank or a word for nothing."""
        nulls = frozenset({"", *self.mapping.null_words, *null_words})
        places = [self.places[name] for name in columns if name in self.places]
        actions = [STEPS[step] for step in steps]

        def read(cells: Cells) -> str | None:
            if len(places) == 1:
                text = tidy_text(cells[places[0]])
            else:
                text = join.join(part for place in places if (part := tidy_text(cells[place])) not in nulls)
            if text in nulls:
                return None
            for action in actions:
                text = action(text)
            return text or None

        return read

    def _field(self, name: str, spec: Field, rule: FieldRule) -> Reading:
        read, convert = self._written(rule), self._convert(spec, rule)
        is_required = spec.is_required or rule.is_required
        chosen = {word.casefold(): value for word, value in rule.values.items()}
        has_choice = bool(rule.values or rule.otherwise is not None)

        def value(cells: Cells) -> Any:
            text = read(cells)
            if text is not None and has_choice:
                text = chosen.get(text.casefold(), rule.otherwise)
                if text is None:
                    raise RowProblemError(Code.UNKNOWN_VALUE, name)
            text = text if text is not None else rule.default
            if text is None:
                if is_required:
                    raise RowProblemError(Code.REQUIRED, name)
                return None
            try:
                return convert(text)
            except RowProblemError as problem:
                raise RowProblemError(problem.code, name) from None

        return value

    def _convert(self, spec: Field, rule: FieldRule) -> Callable[[str], Any]:
        formats, zone = self.mapping.formats, self.mapping.time_zone
        if spec.kind == "date":
            return day_parser(rule.formats or formats.date, zone)
        if spec.kind == "timestamp":
            return timestamp_parser(rule.formats or formats.timestamp, zone)
        if spec.kind == "amount":
            return _positive(amount_parser(formats.decimal, formats.thousands, rule.too_fine or formats.too_fine))
        if spec.kind == "integer":
            return whole_number
        if spec.kind == "reference":
            return _no_longer(tidy_key, spec.longest)
        if spec.kind == "choice":
            return _one_of(spec.choices)
        return _no_longer(str, spec.longest)


def column_places(rule: FileRule, header: Sequence[str]) -> dict[str, int]:
    """Return where each of the rule's columns stands in the header, by the first of its names that is there."""
    standing = {folded(name): place for place, name in enumerate(header)}
    places = {}
    for name, aliases in rule.columns.items():
        found = next((standing[folded(alias)] for alias in aliases if folded(alias) in standing), None)
        if found is not None:
            places[name] = found
    return places


def _check_order(entity: Entity, values: dict[str, Any]) -> None:
    """Refuse an end before its start; a span of time, unlike one of days, may not be empty either."""
    if entity.ordered is None:
        return
    start, end = (values.get(name) for name in entity.ordered)
    is_time = entity.fields[entity.ordered[0]].kind == "timestamp"
    if start is not None and end is not None and (end < start or (is_time and end == start)):
        raise RowProblemError(Code.BAD_INTERVAL, entity.ordered[1])


def _outside(read: Written, least: int, most: int) -> Callable[[Cells], bool]:
    def is_outside(cells: Cells) -> bool:
        text = read(cells)
        try:
            return text is not None and not least <= whole_number(text) <= most
        except RowProblemError:
            return True

    return is_outside


def _positive(read: Callable[[str], int]) -> Callable[[str], int]:
    def amount(text: str) -> int:
        cents = read(text)
        if cents < 0:
            raise RowProblemError(Code.AMOUNT)
        return cents

    return amount


def _no_longer(read: Callable[[str], str], longest: int) -> Callable[[str], str]:
    def text(written: str) -> str:
        value = read(written)
        if len(value) > longest:
            raise RowProblemError(Code.TOO_LONG)
        return value

    return text


def _one_of(choices: Sequence[str]) -> Callable[[str], str]:
    known = frozenset(choices)

    def choice(text: str) -> str:
        if text not in known:
            raise RowProblemError(Code.UNKNOWN_VALUE)
        return text

    return choice
