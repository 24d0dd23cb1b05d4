"""Whether the request asks for harm, only sounds like it, or is an ordinary one.

Read from the user's last message alone, in English. ``harmless`` means that a word in it sounds
dangerous and is not meant so: a process is killed, a novel's villain poisons, a historian asks.
``ordinary`` means that nothing in it sounds dangerous. A fictional person may be known as one from
what the answer says of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from evidence.signals._base import Observation, Span
from evidence.signals._conduct_harm import Reading, read_request
from evidence.signals._conduct_text import plain
from evidence.view import RecordView

SIGNALS = ("request_harm", "bare_request")
ONE_SENTENCE = 160
"""Characters of a request that asks one thing; a longer one can fail in more ways than conduct."""
SHORT_TALK = 2
"""Messages of a talk without earlier turns: instructions and the request."""
HEAD = 600
"""Characters of the answer in which a person may be called fictional."""
_FICTIONAL = re.compile(r"(?<!non-)\b(?:fictional|fictitious|cartoon|imaginary|mythical) ")


def detect(view: RecordView) -> Iterator[Observation]:
    """Yield what the request asks for, and whether nothing else is there to judge by."""
    read = read_request(view.question)
    if read is None:
        return
    if read.harm == "unclear" and _FICTIONAL.search(plain(view.output[:HEAD])):
        read = Reading("harmless", "the answer calls the person fictional", read.start, read.end)
    yield Observation("request_harm", read.harm, read.why, _spans(view, read))
    if read.harm == "harmless":
        yield Observation("bare_request", _bare(view))


def _bare(view: RecordView) -> bool:
    """Whether there is neither context, nor format, nor note, nor a conversation to judge by."""
    more = view.passages or view.format_type or view.note or len(view.messages) > SHORT_TALK
    return not more and len(view.question) <= ONE_SENTENCE


def _spans(view: RecordView, read: Reading) -> tuple[Span, ...]:
    """Where in the input it says so; only a plain input has places of its own."""
    if isinstance(view.record.input, str) and read.end > read.start:
        return (Span(read.start, read.end, "input"),)
    return ()
