"""Logs without values: of an error its kind and where it happened, never its text, which may quote a person's data."""

from __future__ import annotations

import logging
import os
from types import TracebackType
from typing import Any

FRAMES = 6


def where(error: BaseException) -> str:
    """Return the kind of an error and the last places that it came through."""
    frames = []
    trace: TracebackType | None = error.__traceback__
    while trace is not None:
        frames.append(f"{os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno}")  # noqa: PTH119
        trace = trace.tb_next
    return f"{type(error).__name__} at {' < '.join(reversed(frames[-FRAMES:]))}"


def keep_values_out() -> None:
    """Let every logger of this process, of libraries too, write errors as ``where`` does."""
    logging.setLogRecordFactory(_record)


def _record(*args: Any, **given: Any) -> logging.LogRecord:
    record = logging.LogRecord(*args, **given)
    error = record.exc_info[1] if record.exc_info else None
    if error is not None:
        record.msg, record.args, record.exc_info = f"{record.getMessage()}: {where(error)}", (), None
    return record
