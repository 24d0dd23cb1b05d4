"""Was JSON alone asked for in words, and is the output that?

Looks at the input where there is no ``format_spec``, or one that says JSON and no more. Where the
input plainly demands nothing but JSON ("Reply with only a JSON object with the keys ..."), returns
``json_in_words``. Keys that the input names in quotes must be there. What the values must be is not
read, and only English demands are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from evidence.signals._base import Observation
from evidence.signals._json import read_json
from evidence.signals._spec import kind_of, schema_of
from evidence.view import RecordView

SIGNALS = ("json_in_words",)
LIMIT = 20_000
"""Characters at the end of the input in which a demand is looked for."""
_VERB = (
    r"(?:reply|respond|answer|return|output|provide|give|print|write|produce|generate|wrap|use|put"
    r"|format)"
)
_ALONE = r"(?:only|just|solely|exclusively|nothing but|strictly|exactly|raw)"
STRICT_DEMAND = re.compile(
    rf"\b{_VERB}\b[^.\n]{{0,60}}\b{_ALONE}\b[^.\n]{{0,30}}\bjson\b"
    rf"|\b{_VERB}\b[^.\n]{{0,60}}\bjson(?: object| array)?\s+(?:only|alone|and nothing else)\b",
    re.IGNORECASE,
)
DEMAND = re.compile(
    r"\b(?:output|response|answer|reply)\b[^.\n]{0,30}\b(?:must|should|has to) be\b[^.\n]{0,30}"
    r"\bjson\b"
    rf"|(?:^|[.!?:,\n]\s*|\b(?:please|and|then|must|should)\s+){_VERB}\b[^.\n]{{0,80}}"
    r"\b(?:as|in|with|using) (?:a |an |the )?(?:valid |single |strict |pure |following )?json\b",
    re.IGNORECASE,
)
TICKS = re.compile(r"```|\bticks\b|\bcode (?:block|fence)|\bmarkdown\b", re.IGNORECASE)
"""Signs that a fence around the JSON is welcome."""
WITHIN = re.compile(r"\b(?:include|embed|contain|followed by|code block|fence)", re.IGNORECASE)
KEYS = re.compile(r"\b(?:keys?|fields?|properties)\b([^.\n]{0,300})", re.IGNORECASE)
NAME = re.compile(r"[\"'`]([A-Za-z_][\w-]{0,40})[\"'`](?!\s*(?:,? or\b|\)))")
TEMPLATE = re.compile(r"\{\s*(\"[A-Za-z_][\w-]{0,40}\"\s*:[^{}\n]{0,300})\}")
TEMPLATE_KEY = re.compile(r"(?:^|,)\s*\"([A-Za-z_][\w-]{0,40})\"\s*:")
OPEN_LIST = re.compile(r"such as|e\.g\.|for example|at least|includ|optional|like", re.IGNORECASE)
MAX_KEYS = 20
WRAPPED = ("fenced", "wrapped")


def detect(view: RecordView) -> Iterator[Observation]:
    """Yield whether a demand for JSON alone was followed, where there is one."""
    if _has_spec(view) or not view.output.strip():
        return
    text = view.input_text[-LIMIT:]
    if "JSON" not in text and "json" not in text and "Json" not in text:
        return
    strict = None if TICKS.search(text) else STRICT_DEMAND.search(text)
    found = strict or DEMAND.search(text)
    if found is None or WITHIN.search(found[0]):
        return
    parsed = read_json(view.output)
    if parsed is None or (parsed.verdict in WRAPPED and not strict):
        return  # a fence or a word before it may be welcome
    if parsed.verdict not in ("valid", "suspect"):
        yield Observation("json_in_words", "broken", parsed.detail, parsed.spans)
        return
    keys, others = _keys(text[found.start() :])
    wrong = _wrong_keys(parsed.value, keys, others)
    if wrong:
        yield Observation("json_in_words", "broken", wrong, ())
    elif isinstance(parsed.value, dict | list):
        yield Observation("json_in_words", "kept", "JSON and nothing else, as the input demands")


def _has_spec(view: RecordView) -> bool:
    """Whether the format_spec says all that the words may say: any but JSON without a schema."""
    if not view.format_type:
        return False
    return kind_of(view.format) != "json" or schema_of(view.format) is not None


def _keys(demand: str) -> tuple[tuple[str, ...], bool]:
    """The keys that a demand names, in a list or a template, and whether there may be others."""
    if found := TEMPLATE.search(demand):
        names = TEMPLATE_KEY.findall(found[1])
    elif found := KEYS.search(demand):
        listed = re.sub(r"\([^()]{0,200}\)", "", found[1])  # what a value may be
        names = NAME.findall(listed)
    else:
        return (), True
    keys = tuple(dict.fromkeys(islice(names, MAX_KEYS)))
    return keys, len(keys) < 2 or bool(OPEN_LIST.search(demand[: found.end()]))


def _wrong_keys(value: object, keys: tuple[str, ...], others: bool) -> str:
    """What is wrong with the keys of an object, or of the objects in a list; ''."""
    if keys and not isinstance(value, dict | list):
        return "JSON, but neither an object nor a list"
    items = value[:50] if isinstance(value, list) else [value]
    for item in items:
        if not isinstance(item, dict):
            continue
        missing = [key for key in keys if key not in item]
        if missing:
            return f"JSON without the key {missing[0]!r} that the input names"
        extra = [key for key in item if key not in keys]
        if extra and not others:
            return f"JSON with a key that the input does not name: {extra[0]!r:.60}"
    return ""
