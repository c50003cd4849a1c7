"""Online booking: requests of visitors to accept or decline, what became of the others, and what is open to them."""

from dashboard.public_booking import queries
from dashboard.ui import address, filters, notice, online_requests, online_rules, session
from dashboard.ui.errors import told
from dashboard.ui.language import _

actor = session.acting()
VIEWS = {
    "requests": (_("Requests"), online_requests.waiting),
    "decided": (_("Decided"), online_requests.decided),
    "open": (_("What is open"), online_rules.show),
}

notice.show()
request_id = address.id_parameter("request")
with told():
    online_rules.whether_open(queries.opening(actor))
    if request_id is not None:
        online_requests.show(actor, request_id)
    else:
        view = filters.segments(
            "online_booking", "view", _("View"), {code: words for code, (words, _show) in VIEWS.items()}
        )
        VIEWS[view][1](actor)
