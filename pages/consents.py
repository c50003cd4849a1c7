"""Consents: what to obtain before which session, how much is covered, and the consents of one file."""

from dashboard.ui import address, consent_file, consent_lists, filters, notice, session
from dashboard.ui.errors import told
from dashboard.ui.language import _

actor = session.acting()
LISTS = {
    "obtain": (_("To obtain"), consent_lists.to_obtain),
    "coverage": (_("Coverage"), consent_lists.coverage),
}

notice.show()
patient_id = address.id_parameter("patient")
with told():
    if patient_id is not None:
        consent_file.show(actor, patient_id, address.id_parameter("consent"))
    else:
        view = filters.segments("consents", "view", _("View"), {code: words for code, (words, _show) in LISTS.items()})
        LISTS[view][1](actor)
