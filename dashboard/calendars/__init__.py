"""Calendars of other programs: when somebody is busy, read from a file; and appointments, written as a feed."""
