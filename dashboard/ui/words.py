"""Words for the codes that the records hold: states, kinds, relations."""

from __future__ import annotations

from dashboard.ui.language import _


def patient_status(code: str | None) -> str:
    """Return the words of a file's status."""
    known = {
        "waiting": _("Waiting"),
        "active": _("Active"),
        "discharged": _("Discharged"),
        "archived": _("Archived"),
        "merged": _("Merged"),
    }
    return known.get(code or "", "–")


def sexes() -> dict[str, str]:
    """Return the words of each sex by code."""
    return {"female": _("Female"), "male": _("Male"), "intersex": _("Intersex"), "unknown": _("Not recorded")}


def marital_statuses() -> dict[str, str]:
    """Return the words of each marital status by code."""
    return {
        "single": _("Single"),
        "married": _("Married"),
        "partnered": _("Living with a partner"),
        "separated": _("Separated"),
        "divorced": _("Divorced"),
        "widowed": _("Widowed"),
        "unknown": _("Not recorded"),
    }


def identification_kinds() -> dict[str, str]:
    """Return the words of each kind of identification number by code."""
    return {
        "nif": _("NIF (Spanish identity card)"),
        "nie": _("NIE (foreign residents in Spain)"),
        "passport": _("Passport"),
        "ssn": _("Social security number"),
        "other": _("Another document"),
    }


def payers() -> dict[str, str]:
    """Return the words of who pays by code."""
    return {
        "self": _("The patient"),
        "guardian": _("A guardian"),
        "insurer": _("An insurer"),
        "other": _("Somebody else"),
    }


def relations() -> dict[str, str]:
    """Return the words of each relation of a guardian by code."""
    return {"mother": _("Mother"), "father": _("Father"), "tutor": _("Legal guardian"), "other": _("Another relation")}


def custodies() -> dict[str, str]:
    """Return the words of each kind of custody by code."""
    return {"joint": _("Joint custody"), "sole": _("Sole custody"), "unknown": _("Custody not known")}


def severities() -> dict[str, str]:
    """Return the words of each severity by code, the worst first."""
    return {"blocking": _("Before the next session"), "important": _("Soon"), "minor": _("When there is time")}


def consent_kinds() -> dict[str, str]:
    """Return the words of each kind of consent by code."""
    return {
        "treatment": _("Treatment"),
        "data_protection": _("Data protection"),
        "telehealth": _("Sessions by video"),
        "recording": _("Recording"),
        "publication": _("Publication"),
        "contact": _("Contact by e-mail or SMS"),
    }


def consent_statuses() -> dict[str, str]:
    """Return the words of what is the matter with a consent by code."""
    return {
        "missing": _("Not requested"),
        "requested": _("Requested, not seen"),
        "viewed": _("Seen, not signed"),
        "partly_signed": _("A signature is missing"),
        "conflict": _("One guardian has not signed: do not start"),
        "declined": _("Declined"),
        "withdrawn": _("Withdrawn"),
        "expired": _("Expired"),
        "valid": _("Valid"),
    }


def consent_states() -> dict[str, str]:
    """Return the words of the state of one consent by code."""
    return {
        **consent_statuses(),
        "requested": _("Requested, not signed"),
        "viewed": _("Seen"),
        "signed": _("Signed"),
        "superseded": _("Replaced"),
    }


def channels() -> dict[str, str]:
    """Return the words of each way of reaching somebody by code."""
    return {
        "call": _("Call"),
        "email": _("E-mail"),
        "sms": _("SMS"),
        "in_person": _("In person"),
        "letter": _("Letter"),
    }


def outcomes() -> dict[str, str]:
    """Return the words of how an attempt ended by code."""
    return {
        "reached": _("Reached"),
        "sent": _("Sent"),
        "promised": _("Will sign"),
        "no_answer": _("No answer"),
        "refused": _("Refused"),
        "bounced": _("Came back"),
    }


def signature_methods() -> dict[str, str]:
    """Return the words of each way of signing by code."""
    return {
        "on_screen": _("On screen"),
        "paper_scanned": _("On paper, scanned"),
        "electronic": _("Electronic signature"),
    }
