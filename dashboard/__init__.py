"""Intersession: the dashboard a psychotherapy practice runs between sessions."""

__version__ = "0.1.0"
