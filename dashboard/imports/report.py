"""What an import did, in numbers: for the command line, the page and the ledger alike."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from dashboard.imports.codes import SENTENCES, Code


@dataclass
class Counts:
    """Rows of one entity: ``read = loaded + updated + unchanged + set_aside``; remarks are about loaded ones."""

    read: int = 0
    loaded: int = 0
    updated: int = 0
    unchanged: int = 0
    set_aside: int = 0
    flagged: int = 0
    codes: dict[str, int] = field(default_factory=dict)
    is_derived: bool = False


@dataclass(frozen=True)
class Report:
    """The outcome of one import. Totals leave out derived entities, which are not rows of the files."""

    run_id: int | None
    source: str
    state: str
    by_entity: dict[str, Counts] = field(default_factory=dict)
    refusal_code: Code | None = None
    refusal_file: str | None = None
    refusal_line: int | None = None
    already_done: bool = False
    is_dry_run: bool = False
    files: list[str] = field(default_factory=list)
    unknown_files: list[str] = field(default_factory=list)

    def _total(self, name: str) -> int:
        return sum(getattr(counts, name) for counts in self.by_entity.values() if not counts.is_derived)

    @property
    def read(self) -> int:
        """Rows read from the files."""
        return self._total("read")

    @property
    def loaded(self) -> int:
        """Rows that became new rows here."""
        return self._total("loaded")

    @property
    def updated(self) -> int:
        """Rows that changed a row of an earlier import."""
        return self._total("updated")

    @property
    def unchanged(self) -> int:
        """Rows that said what was known already."""
        return self._total("unchanged")

    @property
    def set_aside(self) -> int:
        """Rows that were not loaded, each with a reason."""
        return self._total("set_aside")

    @property
    def flagged(self) -> int:
        """Remarks about rows that were loaded."""
        return self._total("flagged")

    def as_json(self) -> dict[str, Any]:
        """Return the report as plain values."""
        totals = {
            name: self._total(name) for name in ("read", "loaded", "updated", "unchanged", "set_aside", "flagged")
        }
        said = asdict(self)
        by_entity = said.pop("by_entity")
        return {**said, **totals, "by_entity": by_entity}

    def as_text(self) -> str:
        """Return the report as lines for a terminal."""
        if self.refusal_code is not None:
            place = ":".join(str(part) for part in (self.refusal_file, self.refusal_line) if part is not None)
            return f"Refused, nothing was changed. {place}: {SENTENCES[self.refusal_code]} ({self.refusal_code})"
        opening = "Imported before: nothing changed." if self.already_done else "Imported."
        lines = ["Trial only: nothing was changed." if self.is_dry_run else opening]
        titles = ("read", "loaded", "updated", "unchanged", "set_aside")
        lines.append(f"{'':22}" + "".join(f"{title.replace('_', ' '):>11}" for title in titles))
        for entity, counts in self.by_entity.items():
            lines.append(f"{entity:22}" + "".join(f"{getattr(counts, title):>11,}" for title in titles))
        lines.append(f"{'rows of the files':22}" + "".join(f"{self._total(title):>11,}" for title in titles))
        for entity, counts in self.by_entity.items():
            lines += [f"{number:>9,}  {entity}: {SENTENCES[Code(code)]}" for code, number in counts.codes.items()]
        if self.unknown_files:
            lines.append(f"Not read: {', '.join(self.unknown_files)}")
        return "\n".join(lines)
