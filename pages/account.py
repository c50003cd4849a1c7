"""Your account: how you sign in, where you are signed in (for the manager: where everybody is), your calendars."""

import streamlit as st

from dashboard.access import sessions
from dashboard.ui import account_calendars, account_sessions, notice, session
from dashboard.ui.language import _, ngettext

actor = session.acting()
account = sessions.account(actor)
notice.show()

st.write(f"**{actor.display_name}** · {account.email}")
if account.has_password:
    left = account.recovery_codes_left
    words = ngettext("{count} recovery code left", "{count} recovery codes left", left).format(count=left)
    st.write(
        _("Second step: set up, {codes}.").format(codes=words) if account.has_second_step else _("No second step.")
    )
    account_sessions.password_link()
elif actor.is_chosen:
    st.caption(_("You were chosen among the people of the synthetic practice, without a password."))
else:
    st.caption(_("You sign in through a sign-in service. Your password and second step are kept there."))

st.subheader(_("Where you are signed in"), anchor=False)
st.caption(_("A session ends after 15 minutes without use, and after 8 hours at the latest."))
own = sessions.open_sessions(actor)
account_sessions.show(actor, own, account.session_id, names_people=False)
if len(own) > 1:
    account_sessions.end_others(actor)

if actor.role == "manager":
    st.subheader(_("Where others are signed in"), anchor=False)
    others = [one for one in sessions.open_sessions(actor, everybodys=True) if one.user_id != actor.user_id]
    if not others:
        st.caption(_("Nobody else is signed in."))
    account_sessions.show(actor, others, account.session_id, names_people=True)

account_calendars.show(actor)
