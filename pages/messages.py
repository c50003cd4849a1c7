"""Messages: what patients are told when, what keeps a message back, what was sent and what failed."""

from dashboard.messages import queries
from dashboard.ui import address, filters, messages_detail, messages_lists, messages_rule, notice, session
from dashboard.ui.errors import told
from dashboard.ui.language import _

actor = session.acting()
VIEWS = {
    "outbox": (_("Outbox"), messages_lists.outbox),
    "sent": (_("Sent"), messages_lists.sent),
    "unsent": (_("Not sent"), messages_lists.unsent),
    "rule": (_("When to send"), messages_rule.show),
}

notice.show()
message_id = address.id_parameter("message")
with told():
    messages_lists.whether_sent(queries.rule(actor))
    if message_id is not None:
        messages_detail.show(actor, message_id)
    else:
        view = filters.segments("messages", "view", _("View"), {code: words for code, (words, _show) in VIEWS.items()})
        VIEWS[view][1](actor)
