"""Whether what should have stayed inside stands in the output.

That is template tokens, made-up turns of the talk, the model's own instructions, or a blank of a
prompt that was never filled in.

Not counted is what the input or the reference holds too, for then it was asked for. The first and
the last ``LIMIT`` characters of the output are looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from evidence.signals._base import Observation, Span
from evidence.signals._conduct_text import plain, sentences
from evidence.view import RecordView

SIGNALS = ("leaked_prompt",)
LIMIT = 20_000
"""Characters at either end of the output that are looked at."""
INSTRUCTIONS = 8_000
"""Characters of the system message that are looked for in the output."""
SENTENCE_WORDS = 8
"""Words of a sentence of the instructions that nobody repeats by chance; our own judgement."""
INPUT = 50_000
"""Characters of the input in which a token may stand as well."""

_TOKENS = (
    r"<\|(?:im_start|im_end|im_sep|endoftext|eot_id|eom_id|start_header_id|end_header_id|system|user|"
    r"begin_of_text|end_of_text|assistant|end|pad|endofprompt|return|channel|message|start|"
    r"end_of_turn|startoftext|START_OF_TURN_TOKEN|END_OF_TURN_TOKEN|python_tag|fim_\w+)\|>",
    r"</?(?:start_of_turn|end_of_turn|bos|eos|unk|pad)>|<\|?(?:begin|end)▁of▁sentence\|?>",
    r"\[/?INST\]|<</?SYS>>|\[/?(?:AVAILABLE_TOOLS|TOOL_CALLS|SYSTEM_PROMPT)\]",
    r"^###\s?(?:Instructions?|Response|Input|Human|Assistant|System|User)\s?:?[ \t]{0,20}$",
    r"^[ \t]{0,20}<s>|</s>\s{0,20}\Z",
)
_TEMPLATE = re.compile("|".join(_TOKENS), re.MULTILINE)
_MAY_TEMPLATE = ("<|", "<s", "</", "[INST", "[/INST", "<<", "###", "_of_turn>", "[TOOL", "[AVAIL",
                 "[SYS", "<bos>", "<eos>", "<pad>", "<unk>", "▁of▁")  # fmt: skip
_MARKS = ("<", "[", "###")
_TURN = re.compile(r"^[ \t]{0,20}(?:Human|User|Customer|Question|Q|H)\s?:\s?\S[^\n]*", re.MULTILINE)
_SPEAKER = re.compile(r"\n(?:Human|User|Customer|Q|H:| User| Human)")
_REPLY = re.compile(
    r"^[ \t]{0,20}(?:Assistant|AI|Bot|Agent|Answer|A|Response)\s?:\s?", re.MULTILINE
)
_BLANK = re.compile(
    r"\{\{\s*[a-z_][\w.]{1,40}\s*\}\}|\$\{[a-z_][\w.]{1,40}\}|"
    r"(?<![\w{$])\{(?:user|context|question|query|name|input|customer|first_?name|company|product|"
    r"date|order_id|user_name|username|documents?|chat_history|answer)\}",
    re.IGNORECASE,
)
_ASKED = re.compile(
    r"\b(?:dialog(?:ue)?|conversation|interview|transcript|script|q ?(?:&|and|n) ?as?|faqs?|"
    r"questions?|quiz|"
    r"chat|template|placeholders?|code|jinja|format string|riddle|joke|flashcards?|play|scene)\b"
)


def detect(view: RecordView) -> Iterator[Observation]:
    """Yield what leaked, and where; ``none`` where nothing did."""
    output = view.output
    if not output.strip():
        return
    for kind, find, why in (
        ("template", _token, "a token of the chat template"),
        ("turns", _turns, "turns of the talk that nobody spoke"),
        ("instructions", _instructions, "a sentence of the instructions"),
        ("blank", _blank, "a blank of a prompt that was not filled in"),
    ):
        if span := find(view):
            yield Observation("leaked_prompt", kind, why, (span,))
            return
    yield Observation("leaked_prompt", "none")


def _elsewhere(view: RecordView, piece: str) -> bool:
    return piece in view.input_text[:INPUT] or piece in (view.reference or "")


def _ends(output: str) -> Iterator[tuple[int, str]]:
    yield 0, output[:LIMIT]
    if len(output) > LIMIT:
        start = max(LIMIT, len(output) - LIMIT)
        yield start, output[start:]


def _token(view: RecordView) -> Span | None:
    for start, text in _ends(view.output):
        if not any(mark in text for mark in _MARKS):  # most texts hold none of them
            continue
        if not any(piece in text for piece in _MAY_TEMPLATE):
            continue
        for found in _TEMPLATE.finditer(text):
            if not _elsewhere(view, found.group().strip()) and found.group().strip():
                return Span(start + found.start(), start + found.end())
    return None


def _turns(view: RecordView) -> Span | None:
    """A question to itself, after an answer, and a reply to it."""
    text = view.output[:LIMIT]
    if not _SPEAKER.search(text):
        return None
    turn = _TURN.search(text, max(1, text.find("\n")))
    if turn is None or not _REPLY.search(text, turn.end()):
        return None
    if _ASKED.search(plain(view.input_text[:INPUT])) or _elsewhere(view, turn.group().strip()):
        return None
    return Span(turn.start(), turn.end())


def _instructions(view: RecordView) -> Span | None:
    told = view.instructions[:INSTRUCTIONS]
    if not told:
        return None
    output, low = plain(view.output[:LIMIT]), plain(told)
    for start, end in sentences(low):
        sentence = low[start:end].strip(" .!?\n\"'-*")
        if (
            len(sentence.split()) < SENTENCE_WORDS
            or '"' in sentence
            or "'" in low[start - 1 : start]
        ):
            continue
        place = output.find(sentence)
        if place >= 0 and sentence not in plain(view.question + (view.reference or "")):
            return Span(place, place + len(sentence))
    return None


def _blank(view: RecordView) -> Span | None:
    text = view.output[:LIMIT]
    if "{" not in text or "```" in text or view.format_type:
        return None
    found = _BLANK.search(text)
    if found is None or _elsewhere(view, found.group()):
        return None
    asked = _ASKED.search(plain(view.input_text[:INPUT])) is not None
    return None if asked else Span(found.start(), found.end())
