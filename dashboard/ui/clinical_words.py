"""Words of the clinical record: sections of a history, templates of notes, ages."""

from __future__ import annotations

from datetime import datetime

from dashboard.clinical.templates import templates
from dashboard.ui import formats
from dashboard.ui.language import _, language, ngettext


def history_sections() -> dict[str, str]:
    """Return the words of each section of a history by code, in order."""
    return {
        "reason_for_consultation": _("Reason for consultation"),
        "current_symptoms": _("Current symptoms"),
        "symptoms_began_on": _("When they began"),
        "precipitating_events": _("Events that led to them"),
        "previous_illnesses": _("Previous illnesses"),
        "operations": _("Operations"),
        "medication": _("Medication"),
        "family_history": _("Family history"),
        "past_traumas": _("Past traumas"),
        "eating_habits": _("Eating habits"),
        "sleep_habits": _("Sleep habits"),
        "substance_use": _("Substance use"),
    }


def template_names() -> dict[str, str]:
    """Return the names of the templates by code."""
    return {code: template.name[language()] for code, template in templates().items()}


def note_sections(template_code: str) -> dict[str, str]:
    """Return the words of each section of a template by code, in order."""
    return {code: words[language()] for code, words in templates()[template_code].sections.items()}


def age(moment: datetime) -> str:
    """Return how many days ago a session was."""
    days = (formats.today() - moment.astimezone(formats.zone()).date()).days
    if days <= 0:
        return _("today")
    return ngettext("{days} day ago", "{days} days ago", days).format(days=formats.number(days))
