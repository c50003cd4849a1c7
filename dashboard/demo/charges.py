"""What each party owes for each session: the price at that day, split between patient and payer."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from dashboard.demo.agenda import ATTENDED, LATE, Agenda
from dashboard.demo.diary import GROUP, REPORT, Columns, Sessions
from dashboard.demo.draws import order_within, spread
from dashboard.demo.family import Coverages
from dashboard.demo.people import People
from dashboard.demo.tables import Work, blank, coded
from dashboard.demo.team import LATE_FEE, TAX
from dashboard.demo.window import Array, Window

KINDS = ("session", "late_cancellation", "no_show")
REASONS = ("goodwill", "hardship", "error", "uncollectable")


@dataclass(frozen=True)
class Charges(Columns):
    """Charges in order of time; ``patient`` is the place in the people, ``payer`` 0 for the patient's own part."""

    id: Array
    appointment: Array
    patient: Array
    payer: Array
    kind: Array
    day: Array
    amount: Array
    tax_rate: Array


def write_charges(work: Work, sessions: Sessions, people: People, coverages: Coverages, agenda: Agenda) -> Charges:
    """Write the charges of what was delivered or is charged; return those that are to be invoiced."""
    rng, window, tables = work.rng, work.window, work.tables
    charges = _split(_owed(work, sessions, people, agenda), coverages)
    charges = replace(charges, id=tables.take("charge", len(charges.day)))
    _write(work, charges, people)
    draw = rng.random(len(charges.day))
    is_old = charges.day < window.now - 30
    written_off = is_old & (draw < 0.004)
    reversed_ = is_old & (draw > 0.999)
    _write_write_offs(work, charges.rows(np.flatnonzero(written_off)))
    _write_reversals(work, charges.rows(np.flatnonzero(reversed_)), people)
    return charges.rows(np.flatnonzero(~written_off & ~reversed_))


def _owed(work: Work, sessions: Sessions, people: People, agenda: Agenda) -> Charges:
    """Return one charge a session: of the first patient of a couple or family, of everybody in a group."""
    rng, window = work.rng, work.window
    is_due = (agenda.state == ATTENDED) | agenda.is_fee_charged
    # What was held in the last days is partly not charged yet; now and then a charge is forgotten.
    draw = rng.random(len(is_due))
    is_due &= np.where(sessions.day >= window.now - 3, draw > 0.3, draw > 0.003)
    due = np.flatnonzero(is_due)
    size = np.where(sessions.service[due] == GROUP, people.size[sessions.episode[due]], 1)
    place, turn = spread(size)
    row = due[place]
    state, service = agenda.state[row], sessions.service[row]
    kind = np.select([state == ATTENDED, state == LATE], [0, 1], 2)
    return Charges(
        id=np.zeros(len(row), dtype=np.int64),
        appointment=agenda.id[row],
        patient=people.first_patient[sessions.episode[row]] + turn - people.id[0],
        payer=np.zeros(len(row), dtype=np.int64),
        kind=kind,
        day=sessions.day[row],
        amount=np.where(kind == 0, agenda.fee[row], agenda.fee[row] * LATE_FEE[service] // 100),
        tax_rate=np.where(service == REPORT, TAX[REPORT], 0),
    )


def _split(charges: Charges, coverages: Coverages) -> Charges:
    """Return the charges with the part that a payer covers apart, while authorised sessions last."""
    payer, fee = coverages.payer[charges.patient], charges.amount
    may = (payer > 0) & (charges.kind == 0) & (charges.tax_rate == 0) & (charges.day < coverages.until[charges.patient])
    used = np.full(len(fee), -1)
    used[may] = order_within(charges.patient[may])
    is_covered = may & (used < coverages.authorised[charges.patient])
    copayment = coverages.copayment[charges.patient]
    by_percent = fee * coverages.percent[charges.patient] // 100
    covered = np.where(is_covered, np.where(copayment < 0, by_percent, fee - np.minimum(copayment, fee)), 0)
    own = replace(charges, amount=fee - covered).rows(np.flatnonzero(fee > covered))
    theirs = replace(charges, payer=payer, amount=covered).rows(np.flatnonzero(covered > 0))
    both = own.and_also(theirs)
    return both.rows(np.lexsort((both.payer, both.patient, both.appointment)))


def _columns(window: Window, charges: Charges, people: People) -> dict[str, object]:
    return {
        "id": charges.id,
        "appointment_id": charges.appointment,
        "patient_id": people.id[charges.patient],
        "payer_id": blank(charges.payer, charges.payer == 0),
        "kind": coded(KINDS, charges.kind),
        "charged_on": window.dates(charges.day),
        "amount_cents": charges.amount,
        "tax_rate_bp": charges.tax_rate,
        "created_at": window.moments(charges.day, 1_260),
    }


def _write(work: Work, charges: Charges, people: People) -> None:
    window, tables = work.window, work.tables
    tables.write("charge", _columns(window, charges, people))


def _write_write_offs(work: Work, charges: Charges) -> None:
    rng, window, tables = work.rng, work.window, work.tables
    tables.write(
        "charge_write_off",
        {
            "id": tables.take("charge_write_off", len(charges.id)),
            "charge_id": charges.id,
            "amount_cents": charges.amount,
            "written_off_on": window.dates(charges.day + 20),
            "reason": coded(REASONS, rng.integers(0, len(REASONS), len(charges.id))),
        },
    )


def _write_reversals(work: Work, charges: Charges, people: People) -> None:
    """Write the charges that take back one made by mistake."""
    window, tables = work.window, work.tables
    ids = tables.take("charge", len(charges.id))
    back = replace(charges, id=ids, amount=-charges.amount, day=charges.day + 1)
    tables.write("charge", {**_columns(window, back, people), "reverses_id": charges.id})
