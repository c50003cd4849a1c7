"""The test before a video call: camera, microphone, loudspeaker and connection, tried in the browser.

Picture and sound stay in the browser. To measure the connection it fetches some bytes of ours and sends as many back,
which are counted and dropped; no other machine is asked anything.
"""

from __future__ import annotations

import os

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from dashboard.ui.language import LANGUAGES, _, speaking
from dashboard.web import pages
from dashboard.web.requests import is_from_here

PLACE = "/call_check"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; media-src 'self' blob:; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
PERMISSIONS = "camera=(self), microphone=(self), geolocation=(), payment=(), usb=(), display-capture=()"
PROBE_BYTES = 400_000
"""Enough to tell 1 Mbit/s from 5, and a second of waiting on a line that is too slow."""
PROBE = os.urandom(PROBE_BYTES)  # random: nothing on the way makes it smaller
NO_STORE = {"Cache-Control": "no-store"}


async def page(request: Request) -> Response:
    """Return the page of the test, in the language asked for or that of the browser."""
    asked = request.query_params.get("lang", "")
    spoken = asked if asked in LANGUAGES else pages.language_of(request)
    return await run_in_threadpool(_page, spoken)


def _page(spoken: str) -> Response:
    with speaking(spoken):
        answer = pages.page("call_check", _("Test camera and sound"), place=PLACE, words=_words(), tests=_tests())
    answer.headers["Content-Security-Policy"] = POLICY
    answer.headers["Permissions-Policy"] = PERMISSIONS
    return answer


def _words() -> dict[str, str]:
    return {
        "intro": _("Four short tests on this device. Picture and sound do not leave it."),
        "noscript": _("This page needs JavaScript."),
        "insecure": _(
            "The browser gives camera and microphone only to pages opened over https, or on this very machine."
        ),
        "all_well": _("Everything works: this device is ready for a call."),
        "not_all": _("Not everything works yet. What is marked above says what to do."),
        "stop": _("Turn camera and microphone off"),
        "heard": _("I heard it"),
        "not_heard": _("I heard nothing"),
        "preview": _("Your picture"),
        "level": _("Loudness"),
        "refused": _(
            "The browser refused it. Click the symbol beside the address, allow it for this page, then try again."
        ),
        "absent": _("None was found. Connect one, then try again."),
        "busy": _("Another program is using it. Close other calls, then try again."),
        "failed": _("It did not work. Close and open the browser, then try again."),
        "working": _("Trying …"),
    }


def _tests() -> list[dict[str, str]]:
    """Return the tests in their order, with the words of what each may find."""
    return [
        {
            "code": "camera",
            "name": _("Camera"),
            "start": _("Test the camera"),
            "ok": _("The camera works. You see yourself; the light should come from the front."),
        },
        {
            "code": "microphone",
            "name": _("Microphone"),
            "start": _("Test the microphone"),
            "during": _("Say something for a few seconds."),
            "ok": _("The microphone works: your voice arrives."),
            "poor": _("Almost nothing arrives. Speak up, come closer, or choose another microphone in the browser."),
        },
        {
            "code": "speaker",
            "name": _("Loudspeaker or headphones"),
            "start": _("Play a tone"),
            "during": _("Did you hear the tone?"),
            "ok": _("You hear what is said."),
            "poor": _("Turn the volume up, or choose other loudspeakers or headphones, then play it again."),
        },
        {
            "code": "connection",
            "name": _("Connection"),
            "start": _("Test the connection"),
            "ok": _("Fast enough for picture and sound: {down} Mbit/s to you, {up} Mbit/s from you."),
            "poor": _(
                "Too slow for a good picture: {down} Mbit/s to you, {up} Mbit/s from you. Come closer to the router,"
                " use a cable, or turn the picture off in the call."
            ),
            "note": _("Measured to the practice's server; the way to the call's provider may differ."),
        },
    ]


async def script(_request: Request) -> Response:
    """Return the script of the test."""
    return _file("call_check.js", "text/javascript")


async def style(_request: Request) -> Response:
    """Return what the test looks like beyond the other pages."""
    return _file("call_check.css", "text/css")


def _file(name: str, media_type: str) -> Response:
    return Response(
        (pages.TEMPLATES / name).read_text(encoding="utf-8"),
        media_type=media_type,
        headers={"Cache-Control": "no-cache"},
    )


async def fetched(_request: Request) -> Response:
    """Return bytes that mean nothing, to be timed."""
    return Response(PROBE, media_type="application/octet-stream", headers=NO_STORE)


async def sent(request: Request) -> Response:
    """Count the bytes of a request and drop them."""
    if not is_from_here(request):
        return PlainTextResponse("Refused.", 403)
    taken = 0
    async for part in request.stream():
        taken += len(part)
        if taken > PROBE_BYTES:
            return PlainTextResponse("Too much.", 413)
    return JSONResponse({"taken": taken}, headers=NO_STORE)


ROUTES = [
    Route(PLACE, page, methods=["GET"]),
    Route(f"{PLACE}/script.js", script, methods=["GET"]),
    Route(f"{PLACE}/style.css", style, methods=["GET"]),
    Route(f"{PLACE}/bytes", fetched, methods=["GET"]),
    Route(f"{PLACE}/bytes", sent, methods=["POST"]),
]
