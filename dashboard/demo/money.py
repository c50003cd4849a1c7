"""The money of one part of the practice, from charges to payments."""

from __future__ import annotations

import numpy as np

from dashboard.demo.agenda import Agenda
from dashboard.demo.charges import write_charges
from dashboard.demo.diary import Sessions
from dashboard.demo.family import Coverages
from dashboard.demo.invoices import write_invoices
from dashboard.demo.payments import write_payments
from dashboard.demo.people import People
from dashboard.demo.tables import Tables
from dashboard.demo.window import Window


def write_money(
    rng: np.random.Generator,
    window: Window,
    sessions: Sessions,
    people: People,
    coverages: Coverages,
    agenda: Agenda,
    chunk: int,
    tables: Tables,
) -> None:
    """Write charges, invoices and payments; each part of a large practice numbers its invoices in series of its own."""
    charges = write_charges(rng, window, sessions, people, coverages, agenda, tables)
    invoices = write_invoices(rng, window, charges, people, chunk, tables)
    write_payments(rng, window, invoices, people, coverages, tables)
