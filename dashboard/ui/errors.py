"""What a person reads when something was refused or failed: a sentence, and a reference where one helps."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from dashboard.access import audit
from dashboard.access.actor import ChangedSinceError, NotAllowedError, NotFoundError, RuleBrokenError
from dashboard.agenda.free_hours import NotFreeError
from dashboard.clinical.errors import KeyMissingError, SealError
from dashboard.db import DatabaseRefusal, NoDatabaseError
from dashboard.ui import agenda_obstacles, session
from dashboard.ui.language import _
from dashboard.ui.navigation import current_slug


def sentence(error: Exception) -> str:
    """Return what to tell a person about ``error``; never the values that caused it."""
    if isinstance(error, NotAllowedError | NotFoundError):
        return _("Not found, or not available to you.")
    if isinstance(error, ChangedSinceError):
        return _("Somebody else changed this since you opened it. Reload to see the present state, then try again.")
    if isinstance(error, NoDatabaseError):
        return _("The database cannot be reached. Nothing was saved.")
    if isinstance(error, SealError):
        return seal_sentence(error)
    if isinstance(error, DatabaseRefusal):
        if error.constraint == "restricted":
            return _(
                "Processing of this person's data is restricted: nothing is changed or booked until that is lifted."
            )
        return refusal_sentence(error.code)
    return _("Something went wrong. Nothing was saved.")


def seal_sentence(error: SealError) -> str:
    """Return the sentence for a clinical text that cannot be sealed or opened."""
    if isinstance(error, KeyMissingError):
        return _("The key of this clinical text is not there, or was destroyed. Nothing of it can be shown or saved.")
    return _(
        "This clinical text is not what was written here, or its key is a wrong one. It is not shown."
        " Tell whoever looks after the system: `intersession keys check` lists what is affected."
    )


def refusal_sentence(code: str) -> str:
    """Return the sentence for a code of the database."""
    return {
        "busy": _("The therapist, the room or the patient is busy at that time."),
        "duplicate": _("This was saved already."),
        "unknown_reference": _("What this refers to no longer exists."),
        "rule": _("A value breaks a rule of the practice's records. Check the fields."),
        "missing": _("A required field is empty."),
        "too_long": _("A text is too long."),
        "try_again": _("The system is busy. Try again."),
        "not_allowed": _("Not found, or not available to you."),
        "not_built": _("The figures are not built yet. They follow a minute or two after the start; then reload."),
    }.get(code, _("Not saved. Try again; if it happens again, give the reference to whoever looks after the system."))


def show_failure(error: Exception, reference: str) -> None:
    """Show that a screen failed."""
    named = _("Reference: {reference}").format(reference=reference)
    st.error(f"{sentence(error)} {named}", icon=":material/error:")


@contextmanager
def told() -> Iterator[None]:
    """Run a command or draw a figure; when it is refused, say why on the spot and keep what was typed."""
    try:
        yield
    except DatabaseRefusal as refused:
        show = st.info if refused.code == "not_built" else st.error
        show(sentence(refused), icon=":material/info:" if refused.code == "not_built" else ":material/error:")
    except (NotAllowedError, NotFoundError) as error:
        audit.refused(session.person(), current_slug())
        st.error(sentence(error), icon=":material/error:")
    except (ChangedSinceError, NoDatabaseError, SealError) as error:
        st.error(sentence(error), icon=":material/error:")
    except NotFreeError as error:
        agenda_obstacles.show(session.acting(), error.obstacles)
    except RuleBrokenError as error:
        st.error(_(str(error)), icon=":material/error:")
