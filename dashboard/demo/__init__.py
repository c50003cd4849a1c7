"""The synthetic practice: invented persons, sessions, consents and money, in the shape of a real practice's."""

from __future__ import annotations

from dashboard.demo.loading import DemoRefusedError, clear, load

__all__ = ["DemoRefusedError", "clear", "load"]
