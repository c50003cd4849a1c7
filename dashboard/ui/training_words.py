"""Words of training: kinds, topics, modes, and why hours count or not."""

from __future__ import annotations

from dashboard.ui.language import _


def kinds() -> dict[str, str]:
    """Return the words of each kind of training, by code."""
    return {
        "course": _("Course"),
        "masters": _("Master's degree"),
        "postgraduate": _("Postgraduate degree"),
        "conference": _("Conference"),
        "supervision": _("Supervision"),
        "reading": _("Reading"),
        "teaching": _("Teaching"),
    }


def topics() -> dict[str, str]:
    """Return the words of each topic, by code."""
    return {
        "skills": _("Clinical skills"),
        "ethics": _("Ethics"),
        "law": _("Law"),
        "suicide_prevention": _("Suicide prevention"),
        "diversity": _("Diversity"),
        "medical_errors": _("Medical errors"),
        "domestic_violence": _("Domestic violence"),
        "other": _("Other"),
    }


def modes() -> dict[str, str]:
    """Return the words of each mode, by code."""
    return {
        "in_person": _("In person"),
        "online": _("Online"),
        "blended": _("Partly online"),
        "self_study": _("Self-study"),
    }


def entry_statuses() -> dict[str, str]:
    """Return the words of where an entry stands, by code."""
    return {"logged": _("Waiting for approval"), "approved": _("Approved"), "rejected": _("Rejected")}


def reasons() -> dict[str, str]:
    """Return the words of why hours count or not, by code."""
    return {
        "counts": _("Counts"),
        "not_approved": _("Not approved yet"),
        "rejected": _("Rejected: does not count"),
        "over_cap": _("Over the limit for this kind of training"),
        "outside_cycle": _("Before the first cycle"),
    }
