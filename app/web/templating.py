"""Pages from templates: every value escaped, every missing one an error."""

from __future__ import annotations

import hashlib
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

import templates
from advisor_rules.model import Fact
from app import log_words, urls, words
from app.drawing.interval import percent
from app.marked import showable, shown
from app.services import services_of
from app.web import answers
from app.web.csrf import set_cookie, token_for

TEMPLATES = Path(templates.__path__[0])
KINDS = {"bool": "yes or no", "choice": "one of several", "int": "whole number", "number": "number"}
DEFAULTS: dict[str, Any] = {"here": "cases", "done": "", "problems": (), "alone": False}
"""What every page is given unless it says otherwise."""


def page(
    request: Request,
    name: str,
    *,
    status: int = 200,
    headers: dict[str, str] | None = None,
    **context: Any,
) -> Response:
    """The page (or part of one) that a template makes of its context."""
    common = {
        **DEFAULTS,
        "book": services_of(request).book,
        "csrf": token_for(request),
        "path": request.url.path,
        "status": status,
    }
    text = environment().get_template(name).render({**common, **context})
    response = HTMLResponse(text, status, {"cache-control": "no-store", **(headers or {})})
    set_cookie(request, response)
    return response


def is_live(request: Request) -> bool:
    """Whether a part of the page asks, and not the browser for a whole page."""
    return request.headers.get("hx-request") == "true"


@lru_cache(maxsize=1)
def environment() -> Environment:
    """The templates with the words and filters that pages use."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals |= {"to": urls.to, "urls": urls, "words": words, "asset": asset}
    made.globals |= {"log_words": log_words}
    made.filters |= {
        "moment": moment,
        "lower_first": lower_first,
        "answers": answers.choices,
        "as_typed": answers.state_as_typed,
        "range_words": range_words,
        "kind_words": kind_words,
        "showable": showable,
        "shown": shown,
        "percent": percent,
    }
    return made


@lru_cache(maxsize=32)
def asset(name: str) -> str:
    """The URL of a static file; it changes with the file, so browsers may keep it."""
    content = (TEMPLATES / "static" / name).read_bytes()
    return urls.to(urls.STATIC, {"v": hashlib.sha256(content).hexdigest()[:12]}, name=name)


def moment(when: datetime) -> str:
    """A date and time in words, in UTC."""
    return f"{when:%-d %b %Y, %H:%M} UTC"


def lower_first(text: str) -> str:
    """The text with a small first letter, unless its first word is an abbreviation."""
    first = text.split(" ", 1)[0]
    return text if first[1:] != first[1:].lower() else text[:1].lower() + text[1:]


def kind_words(fact: Fact) -> str:
    """What kind of value a fact has, with its unit."""
    return f"{KINDS[fact.type]}{f' ({fact.unit})' if fact.unit else ''}"


def range_words(fact: Fact) -> str:
    """The numbers that a fact allows; empty where any is allowed."""
    low, high = fact.minimum, fact.maximum
    if high is not None and high >= 1_000_000:
        high = None
    if low is not None and high is not None:
        return f"{low:,g} to {high:,g}"
    if low is not None and low > 0:
        return f"at least {low:,g}"
    return f"at most {high:,g}" if high is not None else ""


def whole(text: str | None, *, least: int = 0, most: int = 1 << 30) -> int:
    """A whole number from a query, or ``least`` where it is none."""
    return min(int(text), most) if text and text.isdecimal() and len(text) < 12 else least
