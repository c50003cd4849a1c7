"""Video calls: which online sessions are ahead, what each still lacks, and where calls are held."""

from dashboard.ui import address, filters, notice, session, video_list, video_providers, video_session
from dashboard.ui.errors import told
from dashboard.ui.language import _

actor = session.acting()
VIEWS = {
    "sessions": (_("Sessions"), video_list.show),
    "held": (_("Where calls are held"), video_providers.show),
}

notice.show()
appointment_id = address.id_parameter("appointment")
with told():
    if appointment_id is not None:
        video_session.show(actor, appointment_id)
    else:
        names = {code: words for code, (words, _show) in VIEWS.items()}
        VIEWS[filters.segments("video_calls", "view", _("View"), names)][1](actor)
