"""XML, read by expat; entities are not expanded and nothing is fetched."""

from __future__ import annotations

from pyexpat import ExpatError, ParserCreate, errors

from evidence.signals._fence import fences, in_fence
from evidence.signals._parsed import LIMIT, Parsed, at, between

CUT_OFF = frozenset({errors.XML_ERROR_NO_ELEMENTS, errors.XML_ERROR_UNCLOSED_TOKEN})


class _Refused(Exception):
    """The document declares entities."""


def read_xml(output: str) -> Parsed | None:
    """What parsing an output as one XML element comes to; None where it cannot be told."""
    if len(output) > LIMIT:
        return None
    if not output.strip():
        return Parsed("invalid", "The output is empty")
    try:
        place, why = _error(output.strip())
    except _Refused:
        return None
    if why is None:
        return Parsed("valid", "It is XML")
    place += len(output) - len(output.lstrip())
    return _wrapped(output) or _broken(output, place, why)


def _error(text: str) -> tuple[int, str | None]:
    """Where expat stops, in characters, and why; None where it reads the whole."""
    parser = ParserCreate(encoding="utf-8")
    parser.EntityDeclHandler = _refuse
    data = text.encode("utf-8", "replace")
    try:
        parser.Parse(data, True)
    except ExpatError as error:
        place = len(data[: parser.ErrorByteIndex].decode("utf-8", "ignore"))
        return place, errors.messages.get(error.code, "") or "not well formed"
    return 0, None


def _refuse(*_: object) -> None:
    raise _Refused


def _wrapped(output: str) -> Parsed | None:
    """Well formed once a fence or the text around it is taken away."""
    for block in fences(output)[:1]:
        if _whole(block.text):
            return in_fence(output, block, "XML")
    start, end = output.find("<"), output.rfind(">") + 1
    outside = output[:start].strip() + output[end:].strip()
    if 0 <= start < end and outside and _whole(output[start:end]):
        spans = (*between(0, start), *between(end, len(output)))
        return Parsed("wrapped", "XML with text around it", spans)
    return None


def _whole(text: str) -> bool:
    try:
        return _error(text.strip())[1] is None
    except _Refused:
        return False


def _broken(output: str, place: int, why: str) -> Parsed:
    if "<" not in output:
        return Parsed("invalid", "There is no element in the output", between(0, len(output)))
    if place >= len(output.rstrip()) or why in CUT_OFF:
        return Parsed("cut_off", f"The XML breaks off: {why}", at(len(output), output))
    return Parsed("invalid", f"Not XML: {why}", at(place, output))
