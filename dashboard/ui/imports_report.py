"""What an import found and did, in words."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pandas as pd
import streamlit as st

from dashboard.imports.codes import SENTENCES, Code, FileRefusedError
from dashboard.imports.detection import Detected
from dashboard.imports.queries import RowSetAside, Run
from dashboard.imports.report import Report
from dashboard.ui import formats
from dashboard.ui.language import _, ngettext
from dashboard.ui.tables import Column, Here, table


def entities() -> dict[str, str]:
    """Return the words of what rows become, by code."""
    return {
        "site": _("Sites"),
        "therapist": _("Therapists"),
        "service": _("Services"),
        "payer": _("Payers"),
        "patient": _("Patients"),
        "guardian": _("Guardians"),
        "coverage": _("Coverage"),
        "appointment": _("Appointments"),
        "charge": _("Charges"),
        "invoice": _("Invoices"),
        "payment": _("Payments"),
        "claim": _("Claims"),
    }


def entity(code: str) -> str:
    """Return the words of what a row becomes."""
    return entities().get(code, code.replace("_", " "))


def reason(code: str) -> str:
    """Return the sentence of a code."""
    return _(SENTENCES[Code(code)]) if code in SENTENCES else code


def step(stage: str) -> str:
    """Return the words of the stage that an import is at."""
    known = {"reading": _("Reading the files …"), "done": _("Done")}
    return known.get(stage, _("Loading: {what}").format(what=entity(stage)))


def refused(error: FileRefusedError) -> None:
    """Say which file cannot be taken, and why."""
    st.error(f"{error.file}: {reason(error.code)}", icon=":material/error:")


def show_detected(detected: Detected) -> None:
    """Say which source the files come from and which of them are read."""
    known = pd.DataFrame(
        {
            "file": [file.path.name for file in detected.files],
            "holds": [entity(file.rule) for file in detected.files],
            "state": [_("Complete") if file.is_header_ok else _("Columns missing") for file in detected.files],
        }
    )
    source = _("Source: {name}").format(name=detected.source)
    st.markdown(f"**{source}** · {_files(len(detected.files))}")
    columns = [Column("file", _("File")), Column("holds", _("Holds")), Column("state", _("Columns"))]
    table(known, columns, key="imports_detected", empty=_("No file here is known."))
    if detected.unknown_files:
        names = ", ".join(detected.unknown_files)
        st.caption(_("Not read, because no mapping knows them: {names}").format(names=names))


def _files(number: int) -> str:
    return ngettext("{number} file", "{number} files", number).format(number=number)


def show_preview(files: dict[str, tuple[list[str], list[list[str]]]]) -> None:
    """Show the first rows of one file, as they are written in it."""
    with st.expander(_("Look at the first rows")):
        name = st.selectbox(_("File"), list(files), key="imports_preview")
        if name:
            header, rows = files[name]
            st.dataframe(pd.DataFrame([row[: len(header)] for row in rows], columns=header), hide_index=True)


def show_report(report: Report) -> None:
    """Show what the last import did, or would do."""
    if report.refusal_code is not None:
        place = " · ".join(str(part) for part in (report.refusal_file, report.refusal_line) if part is not None)
        st.error(
            _("Refused, nothing was changed.") + f" {place}: {reason(report.refusal_code)}", icon=":material/error:"
        )
        return
    if report.is_dry_run:
        st.info(_("A trial: nothing was changed. This is what would happen."), icon=":material/science:")
    elif report.already_done:
        st.info(_("These files were imported before. Nothing was changed."), icon=":material/check:")
    else:
        st.success(_("Imported."), icon=":material/check:")
    rows = [{"entity": entity(name), **asdict(counts)} for name, counts in report.by_entity.items()]
    table(pd.DataFrame(rows), _count_columns(_("What")), key="imports_report_rows", empty=_("The files hold no rows."))
    if any(counts.codes for counts in report.by_entity.values()):
        with st.expander(_("Reasons"), expanded=report.set_aside > 0):
            for name, counts in report.by_entity.items():
                for code, number in counts.codes.items():
                    st.markdown(f"- {formats.number(number)} · {entity(name)}: {reason(code)}")


def _count_columns(first: str) -> list[Column]:
    return [
        Column("entity", first),
        Column("read", _("Read"), "number"),
        Column("loaded", _("Loaded"), "number"),
        Column("updated", _("Updated"), "number"),
        Column("unchanged", _("Unchanged"), "number"),
        Column("set_aside", _("Set aside"), "number"),
    ]


def show_runs(runs: list[Run]) -> None:
    """List earlier imports; a row shows the rows that it set aside."""
    shown = pd.DataFrame([asdict(run) for run in runs])
    if runs:
        shown["state"] = [_state(run) for run in runs]
        shown["entity"] = shown["source"]
        shown["label"] = shown["label"].map(lambda label: Path(label).name)
    columns = [
        Column("finished_at", _("When"), "moment"),
        Column("label", _("Files"), width="medium"),
        Column("state", _("State")),
        *_count_columns(_("Source")),
        Column("started_by", _("By")),
    ]
    table(
        shown,
        columns,
        key="imports_runs",
        empty=_("Nothing was imported yet. Choose files above."),
        opens=lambda row: Here({"run": int(row["id"])}),
    )


def _state(run: Run) -> str:
    if run.state == "refused":
        return _("Refused")
    return _("Trial") if run.is_dry_run else _("Imported")


def set_aside(rows: list[RowSetAside]) -> pd.DataFrame:
    """Return rows set aside in words: file, line, what it is, why, in which field, and whether it was loaded."""
    return pd.DataFrame(
        [
            {
                "file": row.file,
                "line": row.line,
                "entity": entity(row.entity),
                "reason": reason(row.code),
                "field": row.field or "",
                "outcome": _("Loaded and flagged") if row.is_loaded else _("Set aside"),
            }
            for row in rows
        ],
        columns=["file", "line", "entity", "reason", "field", "outcome"],
    )


def show_set_aside(rows: pd.DataFrame) -> None:
    """List rows set aside."""
    table(
        rows,
        [
            Column("file", _("File")),
            Column("line", _("Line"), "number"),
            Column("entity", _("What")),
            Column("reason", _("Reason"), width="large"),
            Column("field", _("Field")),
            Column("outcome", _("Outcome")),
        ],
        key="imports_set_aside",
        empty=_("No row was set aside."),
    )
