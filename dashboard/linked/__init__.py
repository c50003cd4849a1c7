"""Calendars of therapists at services of theirs (CalDAV): sessions go out, busy times come in, changes are proposed."""
