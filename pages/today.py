"""Today: what needs doing, in order, each line a link."""

from dashboard.ui import formats, session

actor = session.acting()
formats.today()
