"""What each body asks for is read from one file a body."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import ValidationError
from sqlalchemy import select

from dashboard import db
from dashboard.training.models import TrainingRequirement, TrainingRequirementPart
from dashboard.training.requirements import requirements, sync_requirements
from tests.conftest import Database


def test_the_files_hold_what_the_bodies_ask_for() -> None:
    found = {requirement.code: requirement for requirement in requirements()}
    assert set(found) == {"california", "eap", "europsy", "featf"}
    assert (found["california"].hours_per_cycle, found["california"].cycle_months) == (36, 24)
    assert found["california"].topic_minimum_hours == {"ethics": 4}
    assert set(found["eap"].kind_cap_percent.values()) == {Decimal(30)}


def test_a_second_reading_changes_nothing(database: Database) -> None:
    seen = []
    for _ in range(2):
        with db.administration() as session:
            assert sync_requirements(session) == 4
        with db.administration() as session:
            rows = session.execute(select(TrainingRequirement.code, TrainingRequirement.hours_per_cycle)).all()
            part = TrainingRequirementPart
            parts = session.execute(select(part.requirement_code, part.rule, part.subject, part.amount)).all()
            seen.append((sorted(map(tuple, rows)), sorted(map(tuple, parts))))
    assert seen[0] == seen[1]
    assert len(seen[0][1]) == 8


def test_a_cap_that_a_file_drops_is_dropped(database: Database) -> None:
    [eap] = [requirement for requirement in requirements() if requirement.code == "eap"]
    with db.administration() as session:
        sync_requirements(session, [eap])
        sync_requirements(session, [eap.model_copy(update={"kind_cap_percent": {}})])
        assert session.scalars(select(TrainingRequirementPart)).all() == []


@pytest.mark.parametrize(
    "line",
    ["topic_minimum_hours: {astrology: 4}", "kind_cap_percent: {ethics: 30}", "hours: 4", "cycle_months: 0"],
)
def test_a_file_that_names_something_unknown_is_refused(tmp_path: Path, line: str) -> None:
    body = "code: body\nbody: Body\nname: Name\nhours_per_cycle: 40\n"
    (tmp_path / "body.yaml").write_text(body + ("" if "months" in line else "cycle_months: 12\n") + line)
    with pytest.raises(ValidationError):
        requirements(tmp_path)
