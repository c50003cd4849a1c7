"""Billing: where every session's money stands, what is open and since when, and what came in."""

from dashboard.ui import address, billing_invoice, billing_lists, billing_session, errors, filters, notice, session
from dashboard.ui.language import _

actor = session.acting()
LISTS = {
    "sessions": (_("Sessions"), billing_lists.sessions),
    "invoices": (_("Invoices"), billing_lists.invoices),
    "payments": (_("Payments"), billing_lists.payments),
}
DETAILS = {
    "invoice": billing_invoice.invoice,
    "payment": billing_invoice.payment,
    "session": billing_session.show,
}

notice.show()
opened = next(((name, row) for name in DETAILS if (row := address.id_parameter(name)) is not None), None)
with errors.told():
    if opened is not None:
        name, row = opened
        DETAILS[name](actor, row)
    else:
        view = filters.segments("billing", "view", _("View"), {code: words for code, (words, _show) in LISTS.items()})
        LISTS[view][1](actor)
