"""The words of the audit log: what was done, and to what."""

from __future__ import annotations

from dashboard.ui.language import _
from dashboard.ui.navigation import SCREENS, title


def operations() -> dict[str, str]:
    """Return the words of what was done, by code."""
    return {
        "opened": _("Opened"),
        "insert": _("Added"),
        "update": _("Changed"),
        "delete": _("Removed"),
        "exported": _("Taken out"),
        "refused": _("Refused"),
    }


def subjects() -> dict[str, str]:
    """Return the words of what it was done to, by table or screen; what is not named reads as it is called."""
    return {**{screen.slug: title(screen.slug) for screen in SCREENS}, **_of_the_practice(), **_of_a_patient()}


def _of_the_practice() -> dict[str, str]:
    return {
        "absence": _("Absence"),
        "app_user": _("Person of the team"),
        "account_link": _("Invitation"),
        "busy_time": _("Busy time from another calendar"),
        "calendar_conflicts": _("Sessions booked at busy times"),
        "calendar_feed": _("Calendar address"),
        "calendar_set_aside": _("Events of a calendar that were set aside"),
        "credential": _("Password"),
        "linked_account": _("Linked calendar account"),
        "linked_calendar": _("Linked calendar"),
        "login_session": _("Sign-in"),
        "message_rule": _("When messages are sent"),
        "online_letter": _("Letter to a visitor"),
        "online_link": _("Link of a visitor"),
        "online_request": _("Request of a visitor"),
        "online_service": _("Service open to visitors"),
        "online_therapist": _("Therapist open to visitors"),
        "recovery_code": _("Recovery code"),
        "retention_rule": _("Rule on how long records are kept"),
        "site_closure": _("Closed day"),
        "therapist": _("Therapist"),
        "training_entry": _("Training"),
        "video_provider": _("Where video calls are held"),
        "waiting_rule": _("How freed hours are offered"),
    }


def _of_a_patient() -> dict[str, str]:
    return {
        "appointment": _("Appointment"),
        "appointment_patient": _("Patient of an appointment"),
        "care_episode": _("Episode of care"),
        "care_team": _("Care team"),
        "charge": _("Charge"),
        "clinical_history": _("Clinical history"),
        "clinical_history_version": _("Version of a clinical history"),
        "consent": _("Consent"),
        "consent_signature": _("Signature"),
        "coverage": _("Coverage"),
        "document": _("Document"),
        "erasure": _("Erasure"),
        "freed_hour": _("Freed hour"),
        "file_merge": _("Merge of two files"),
        "guardian": _("Guardian"),
        "invoice": _("Invoice"),
        "linked_event": _("Session in a linked calendar"),
        "linked_proposal": _("Change proposed by a linked calendar"),
        "linked_proposals": _("Changes proposed by a linked calendar"),
        "message": _("Message to a patient"),
        "note_addendum": _("Addendum"),
        "patient": _("Patient file"),
        "patient_key": _("Key of clinical texts"),
        "payment": _("Payment"),
        "processing_restriction": _("Restriction of a file"),
        "session_note": _("Session note"),
        "video_link": _("Link of a video call"),
        "video_material": _("Material for a video call"),
        "video_place": _("Where a patient is during a video call"),
        "video_tick": _("Checklist of a video call"),
        "waiting_entry": _("Entry on the waiting list"),
        "waiting_event": _("Log of the waiting list"),
        "waiting_offer": _("Offer of a freed hour"),
    }


def subject(name: str) -> str:
    """Return the words of a table or list."""
    return subjects().get(name, name.replace("_", " "))
