"""What a rule is: one expectation about one column of ``marts.patient_files``, in the words of reception."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from great_expectations.expectations.expectation import ColumnMapExpectation
from great_expectations.expectations.row_conditions import Column, Condition

Severity = Literal["blocking", "important", "minor"]


@dataclass(frozen=True)
class Rule:
    """One rule: whom it applies to, what must hold, how bad it is when it does not, and which field mends it.

    ``words`` say what is wrong with a file that fails, in English and Spanish. An expectation passes over empty
    values (only "not null" looks at them), so a rule about the form of a value never repeats that it is missing.
    """

    code: str
    severity: Severity
    words: dict[str, str]
    expectation: ColumnMapExpectation
    applies: Condition | None = None
    fix: str = "file"


ADULT = Column("is_minor") == False  # noqa: E712 - a condition for SQL, not a comparison
MINOR = Column("is_minor") == True  # noqa: E712 - a condition for SQL, not a comparison
ACTIVE = Column("status") == "active"
WAITING = Column("status") == "waiting"
IN_CARE = (Column("delivered_session_count") > 0) | Column("next_session_at").is_not_null()
