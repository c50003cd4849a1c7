"""Each screen has a file, a name and somebody who has it; the files of screens are those that are listed."""

from __future__ import annotations

from dashboard.access.models import ROLES
from dashboard.config import ROOT
from dashboard.ui.navigation import SCREENS, page_file, role_name, title


def test_the_screens_are_the_files_of_pages() -> None:
    assert {screen.slug for screen in SCREENS} == {path.stem for path in (ROOT / "pages").glob("*.py")}
    assert all(page_file(screen.slug).is_file() for screen in SCREENS)


def test_every_screen_has_a_name_and_known_roles() -> None:
    assert len({title(screen.slug) for screen in SCREENS}) == len(SCREENS)
    assert all(screen.roles and set(screen.roles) <= set(ROLES) for screen in SCREENS)


def test_everybody_has_the_first_screen_and_a_name() -> None:
    assert set(SCREENS[0].roles) == set(ROLES)
    assert len({role_name(role) for role in ROLES}) == len(ROLES)


def test_an_auditor_has_no_screen_of_persons() -> None:
    assert {screen.slug for screen in SCREENS if "auditor" in screen.roles} == {
        "today",
        "key_figures",
        "audit",
        "account",
    }
