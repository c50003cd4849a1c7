"""The one way out for a list: a CSV that no spreadsheet runs as a formula."""

from __future__ import annotations

import re
from collections.abc import Callable

import pandas as pd
import streamlit as st

from dashboard.access import audit
from dashboard.access.actor import Actor, require
from dashboard.ui.language import _

STARTS_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
NUMBER = re.compile(r"-?[0-9]+([.,][0-9]+)?")


def harmless(cell: object) -> object:
    """Return ``cell`` so that a spreadsheet shows it and does not run it; true numbers stay numbers."""
    if isinstance(cell, str) and cell.startswith(STARTS_FORMULA) and not NUMBER.fullmatch(cell):
        return f"'{cell}"
    return cell


def as_csv(frame: pd.DataFrame) -> bytes:
    """Return ``frame`` as CSV in UTF-8 with a byte order mark, which spreadsheets need to read accents."""
    safe = frame.map(harmless)
    safe.columns = [str(harmless(str(name))) for name in frame.columns]
    return safe.to_csv(index=False, lineterminator="\r\n").encode("utf-8-sig")


def _taken_out(actor: Actor, frame: pd.DataFrame, name: str) -> bytes:
    """Note the export before anything leaves: one that cannot be noted does not happen."""
    audit.exported(actor, name)
    return as_csv(frame)


def csv_button(actor: Actor, frame: pd.DataFrame | Callable[[], pd.DataFrame], name: str, key: str) -> None:
    """Offer ``frame`` for download under ``name``; nothing is prepared, or asked for, until the button is pressed."""
    require(actor)
    st.download_button(
        _("Download CSV"),
        data=lambda: _taken_out(actor, frame() if callable(frame) else frame, name),
        file_name=f"{name}.csv",
        mime="text/csv",
        key=key,
        icon=":material/download:",
        type="tertiary",
        on_click="ignore",
        disabled=not callable(frame) and frame.empty,
    )
