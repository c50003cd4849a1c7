"""Clinical text is opened in dashboard/clinical and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator

from tests.architecture.lints import ROOT, Fault, faults, imported, python_files

OPENS = ("dashboard.clinical.unsealing", "dashboard.clinical.data_keys")
INSIDE = ROOT / "dashboard" / "clinical"


def opens_seals(source: str) -> Iterator[Fault]:
    """Yield imports of what opens a seal or unwraps a key."""
    yield from (
        Fault(module.line, f"imports {module.what}")
        for module in imported(source)
        if any(module.what == name or module.what.startswith(f"{name}.") for name in OPENS)
    )


def test_nothing_outside_the_clinical_record_opens_a_seal() -> None:
    outside = [path for path in python_files("dashboard", "expectations", "pages") if INSIDE not in path.parents]
    assert faults(opens_seals, outside) == []
    assert faults(opens_seals, list(INSIDE.glob("*.py")))


def test_an_import_from_outside_is_flagged() -> None:
    assert list(opens_seals("from dashboard.clinical.unsealing import unseal"))
    assert list(opens_seals("from dashboard.clinical import data_keys"))
    assert not list(opens_seals("from dashboard.clinical import queries, sealing"))
