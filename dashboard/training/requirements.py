"""Reads what each body asks for, one YAML file a body, into the tables."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlalchemy import Connection, delete, insert
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from dashboard.training.models import KINDS, TOPICS, TrainingRequirement, TrainingRequirementPart

FOLDER = Path(__file__).with_suffix("")
CAPS = ("kind_cap_hours", "kind_cap_percent")
PARTS = (*CAPS, "topic_minimum_hours")


class Requirement(BaseModel):
    """One file: hours a cycle, and caps by kind or minimums by topic where the body has them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: str = Field(pattern=r"^[a-z][a-z0-9_]{1,39}$")
    body: str
    name: str
    cycle_months: int = Field(ge=1, le=240)
    hours_per_cycle: Decimal = Field(ge=0)
    floor_hours_per_year: Decimal = Field(default=Decimal(0), ge=0)
    source: str | None = None
    kind_cap_hours: dict[str, Decimal] = Field(default_factory=dict)
    kind_cap_percent: dict[str, Decimal] = Field(default_factory=dict)
    topic_minimum_hours: dict[str, Decimal] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _subjects_are_known(self) -> Requirement:
        for rule in PARTS:
            unknown = set(getattr(self, rule)) - set(KINDS if rule in CAPS else TOPICS)
            if unknown:
                raise ValueError(f"{self.code}: {rule} names {', '.join(sorted(unknown))}, which is not known")
        return self

    def parts(self) -> list[dict[str, Any]]:
        """Return the rows of caps and minimums."""
        return [
            {"requirement_code": self.code, "rule": rule, "subject": subject, "amount": amount}
            for rule in PARTS
            for subject, amount in sorted(getattr(self, rule).items())
        ]


def requirements(folder: Path = FOLDER) -> list[Requirement]:
    """Return the requirements of every file of ``folder``, in order of their codes.

    Raises:
        pydantic.ValidationError: a file misses a key, has one too many, or names an unknown kind or topic.
    """
    found = [
        Requirement.model_validate(yaml.safe_load(path.read_text("utf-8"))) for path in sorted(folder.glob("*.yaml"))
    ]
    return sorted(found, key=lambda requirement: requirement.code)


def sync_requirements(session: Session | Connection, wanted: Iterable[Requirement] | None = None) -> int:
    """Write the files' requirements (or ``wanted``) into the tables; a second run changes nothing. Return how many.

    A requirement whose file is gone stays: therapists may have been under it.
    """
    count = 0
    for requirement in requirements() if wanted is None else wanted:
        values = requirement.model_dump(exclude=set(PARTS))
        fresh = postgresql.insert(TrainingRequirement).values(**values)
        session.execute(fresh.on_conflict_do_update(index_elements=["code"], set_=values))
        session.execute(
            delete(TrainingRequirementPart).where(TrainingRequirementPart.requirement_code == requirement.code)
        )
        if parts := requirement.parts():
            session.execute(insert(TrainingRequirementPart), parts)
        count += 1
    return count
