"""A run of Streamlit without a browser, for what needs a session."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest


@pytest.fixture(autouse=True)
def _quiet(quiet_streamlit: None) -> None:
    """Streamlit warns outside its server, which is where these tests are."""


@pytest.fixture
def in_session() -> Callable[..., AppTest]:
    """Return a way to run a function as a screen, with query parameters and a session; nothing may fail in it."""

    def in_session(script: Callable[[], None], query: dict[str, Any] | None = None, **session: Any) -> AppTest:
        app = AppTest.from_function(script)
        for name, value in session.items():
            app.session_state[name] = value
        for name, value in (query or {}).items():
            app.query_params[name] = value
        app.run(timeout=20)
        assert not app.exception, app.exception
        return app

    return in_session
