"""Which screens exist and which role has them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import streamlit as st

from dashboard.access.actor import OFFICE, Actor, Role
from dashboard.config import ROOT
from dashboard.ui.language import _

EVERYBODY: tuple[Role, ...] = ("manager", "therapist", "front_desk", "auditor")
CARE: tuple[Role, ...] = ("manager", "therapist", "front_desk")


@dataclass(frozen=True)
class Screen:
    """A screen: the slug of its file and address, its icon and the roles that have it."""

    slug: str
    icon: str
    roles: tuple[Role, ...]

    @property
    def path(self) -> str:
        """Return the file of the page, as Streamlit names it."""
        return f"pages/{self.slug}.py"

    def is_for(self, actor: Actor) -> bool:
        """Return whether ``actor``'s role has this screen."""
        return actor.role in self.roles


SCREENS = (
    Screen("today", ":material/today:", EVERYBODY),
    Screen("agenda", ":material/calendar_month:", CARE),
    Screen("waiting_list", ":material/hourglass_top:", CARE),
    Screen("online_booking", ":material/event_available:", OFFICE),
    Screen("patient_files", ":material/folder_shared:", CARE),
    Screen("clinical_history", ":material/clinical_notes:", ("therapist",)),
    Screen("notes", ":material/edit_note:", ("therapist",)),
    Screen("consents", ":material/signature:", CARE),
    Screen("video_calls", ":material/video_call:", CARE),
    Screen("messages", ":material/outgoing_mail:", OFFICE),
    Screen("incomplete_files", ":material/rule:", CARE),
    Screen("billing", ":material/receipt_long:", OFFICE),
    Screen("training", ":material/school:", ("manager", "therapist")),
    Screen("key_figures", ":material/monitoring:", EVERYBODY),
    Screen("imports", ":material/upload_file:", OFFICE),
    Screen("audit", ":material/policy:", ("auditor",)),
    Screen("account", ":material/account_circle:", EVERYBODY),
)


def page_file(slug: str) -> Path:
    """Return the file of a screen. Streamlit takes a relative path from the frame's folder, where no page is."""
    return ROOT / "pages" / f"{slug}.py"


def current_slug() -> str:
    """Return the slug of the screen that runs; empty before there is one."""
    return urlsplit(st.context.url or "").path.rsplit("/", 1)[-1]


def title(slug: str) -> str:
    """Return the words of a screen's name."""
    return {
        "today": _("Today"),
        "agenda": _("Agenda"),
        "waiting_list": _("Waiting list"),
        "online_booking": _("Online booking"),
        "patient_files": _("Patient files"),
        "clinical_history": _("Clinical history"),
        "notes": _("Notes"),
        "consents": _("Consents"),
        "video_calls": _("Video calls"),
        "messages": _("Messages"),
        "incomplete_files": _("Incomplete files"),
        "billing": _("Billing"),
        "training": _("Training"),
        "key_figures": _("Key figures"),
        "imports": _("Imports"),
        "audit": _("Audit"),
        "account": _("Account"),
    }[slug]


def role_name(role: object) -> str:
    """Return the words of a role, or a dash where there is none."""
    words: dict[object, str] = {
        "manager": _("Practice manager"),
        "therapist": _("Therapist"),
        "front_desk": _("Front desk"),
        "auditor": _("Auditor"),
    }
    return words.get(role, "–")
