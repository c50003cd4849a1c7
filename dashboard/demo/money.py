"""The money of one part of the practice, from charges to payments."""

from __future__ import annotations

from dashboard.demo.agenda import Agenda
from dashboard.demo.charges import write_charges
from dashboard.demo.diary import Sessions
from dashboard.demo.family import Coverages
from dashboard.demo.invoices import write_invoices
from dashboard.demo.payments import write_payments
from dashboard.demo.people import People
from dashboard.demo.tables import Work


def write_money(
    work: Work, sessions: Sessions, people: People, coverages: Coverages, agenda: Agenda, chunk: int
) -> None:
    """Write charges, invoices and payments; each part of a large practice numbers its invoices in series of its own."""
    charges = write_charges(work, sessions, people, coverages, agenda)
    invoices = write_invoices(work, charges, people, chunk)
    write_payments(work, invoices, people, coverages)
