"""The contracts of the key figures, read from the YAML beside each dbt model: a new figure needs no Python."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dashboard.access.actor import Role
from dashboard.config import settings

# A model's or column's name goes into SQL as an identifier, so nothing else may pass.
IDENTIFIER = re.compile(r"^[a-z][a-z0-9_]{0,62}$")

Grain = Literal["practice", "site", "therapist"]
Unit = Literal["sessions", "percent", "money", "patients", "hours", "days", "files", "therapists"]
Identifier = Annotated[str, Field(pattern=IDENTIFIER.pattern)]
Text = Annotated[str, Field(min_length=1, max_length=400)]


class ContractError(Exception):
    """A figure's contract is not sound; the message names the file, the model and the rule."""


class Contract(BaseModel):
    """Common to all parts: nothing unknown, nothing changed afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Words(Contract):
    """One text in every language of the product."""

    en: Text
    es: Text

    def spoken(self, language: str | None) -> str:
        """Return the text in ``language`` (``es``, ``es_ES``), else in English."""
        return self.es if (language or "").startswith("es") else self.en


class DrillDown(Contract):
    """Where the rows behind a figure are: a mart, the column that marks those counted, and the page that shows them."""

    model: Identifier
    where: Identifier | None
    page: Identifier
    columns: tuple[Identifier, ...] = ()


class Figure(Contract):
    """One figure as its contract has it; ``name`` is the dbt model's, which is also the table's in ``marts``."""

    name: Annotated[str, Field(pattern=r"^kpi_[a-z0-9_]{1,58}$")]
    order: int
    label: Words
    definition: Words
    numerator: Words
    denominator: Words
    unit: Unit
    direction: Literal["up", "down"]
    target: float | None
    maturity_weeks: Annotated[int, Field(ge=0, le=52)]
    owner: Role
    roles: Annotated[tuple[Role, ...], Field(min_length=1)]
    grains: Annotated[tuple[Grain, ...], Field(min_length=1)]
    drill_down: DrillDown
    items: dict[str, Words] = {}


class FigureWords(Contract):
    """The words of one figure in one language."""

    label: str
    definition: str
    numerator: str
    denominator: str
    items: dict[str, str]


def words(figure: Figure, language: str | None) -> FigureWords:
    """Return the words of ``figure`` in ``language``; an item without words keeps its code."""
    return FigureWords(
        label=figure.label.spoken(language),
        definition=figure.definition.spoken(language),
        numerator=figure.numerator.spoken(language),
        denominator=figure.denominator.spoken(language),
        items={code: spoken.spoken(language) for code, spoken in figure.items.items()},
    )


def figures() -> tuple[Figure, ...]:
    """Return every figure in the order of the contracts; files are read anew only when one of them changed.

    Raises:
        ContractError: a contract is not sound.
    """
    files = sorted((settings().dbt_dir / "models" / "marts").rglob("*.yml"))
    return _read(tuple((file, file.stat().st_mtime_ns) for file in files))


@lru_cache(maxsize=4)
def _read(files: tuple[tuple[Path, int], ...]) -> tuple[Figure, ...]:
    models = [(file, model) for file, _ in files for model in _models(file)]
    columns = {model["name"]: tuple(column["name"] for column in model.get("columns", ())) for _, model in models}
    found = [
        _figure(file, model, columns)
        for file, model in models
        if model["name"].startswith("kpi_") or _meta(model) is not None
    ]
    return tuple(sorted(found, key=lambda figure: (figure.order, figure.name)))


def _models(file: Path) -> list[dict[str, Any]]:
    try:
        content = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    except yaml.YAMLError as error:
        raise ContractError(f"{file.name}: this is not YAML ({type(error).__name__})") from None
    models: list[dict[str, Any]] = (content or {}).get("models") or []
    return models


def _meta(model: dict[str, Any]) -> Any:
    return ((model.get("config") or {}).get("meta") or {}).get("figure")


def _figure(file: Path, model: dict[str, Any], columns: dict[str, tuple[str, ...]]) -> Figure:
    name = model["name"]
    meta = _meta(model)
    if not isinstance(meta, dict):
        raise ContractError(f"{file.name}: {name}: config.meta.figure is missing")
    try:
        figure = Figure.model_validate({**meta, "name": name})
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ContractError(f"{file.name}: {name}: {place}: {first['msg']}") from None
    drill = figure.drill_down
    if drill.model not in columns:
        raise ContractError(f"{file.name}: {name}: drill_down.model: no mart is called {drill.model}")
    if drill.where is not None and drill.where not in columns[drill.model]:
        raise ContractError(f"{file.name}: {name}: drill_down.where: {drill.model} has no column {drill.where}")
    complete = drill.model_validate({**drill.model_dump(), "columns": columns[drill.model]})
    return figure.model_copy(update={"drill_down": complete})
