"""Waiting list: who waits for what, which freed hours fit whom, what is offered to whom, and what came of it."""

from dashboard.access.actor import OFFICE
from dashboard.ui import (
    address,
    filters,
    notice,
    session,
    waiting_entries,
    waiting_hours,
    waiting_log,
    waiting_offers,
    waiting_rule,
)
from dashboard.ui.errors import told
from dashboard.ui.language import _

actor = session.acting()
VIEWS = {
    "list": (_("Waiting"), waiting_entries.show),
    "hours": (_("Freed hours"), waiting_hours.show),
    "offers": (_("Offers"), waiting_offers.show),
    "log": (_("What happened"), waiting_log.show),
    "rule": (_("How to offer"), waiting_rule.show),
}
had = {code: view for code, view in VIEWS.items() if actor.role in OFFICE or code in {"list", "log"}}

waiting_entries.dialog(actor)
notice.show()
entry_id, hour_id = address.id_parameter("entry"), address.id_parameter("hour")
with told():
    if entry_id is not None:
        waiting_entries.one(actor, entry_id)
    elif hour_id is not None and actor.role in OFFICE:
        waiting_hours.one(actor, hour_id)
    else:
        view = filters.segments(
            "waiting_list", "view", _("View"), {code: words for code, (words, _show) in had.items()}
        )
        had[view][1](actor)
