"""Is the output in the language that was asked for?

Looks at the prose of the output where ``format_spec`` names a natural language; returns
``format_language``. Where only the input asks for one ("answer in French"), ``language_in_words``
says the same. Two detectors must agree, code and addresses are left out, and short texts and
close relatives (Danish and Norwegian, Indonesian and Malay) are not measured.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from evidence.signals._base import Observation, Span
from evidence.signals._language import language_of
from evidence.signals._spec import kind_of, text_in
from evidence.view import RecordView

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier  # type: ignore[import-untyped]

SIGNALS = ("format_language", "language_in_words")
NEEDS = "py3langid"
LIMIT = 2_000
"""Characters looked at."""
MIN_LETTERS = 40
MIN_LETTERS_DENSE = 10
"""Fewest letters in scripts that write a word in one or two characters."""
SURE = 0.8
"""Probability below which the second detector's word does not count."""
NAMES: Mapping[str, str] = {
    "arabic": "ar", "bengali": "bn", "bulgarian": "bg", "catalan": "ca", "chinese": "zh",
    "croatian": "hr", "czech": "cs", "danish": "da", "dutch": "nl", "english": "en",
    "estonian": "et", "finnish": "fi", "french": "fr", "german": "de", "greek": "el",
    "gujarati": "gu", "hebrew": "he", "hindi": "hi", "hungarian": "hu", "indonesian": "id",
    "italian": "it", "japanese": "ja", "kannada": "kn", "korean": "ko", "latvian": "lv",
    "lithuanian": "lt", "macedonian": "mk", "malayalam": "ml", "marathi": "mr", "nepali": "ne",
    "norwegian": "no", "persian": "fa", "farsi": "fa", "polish": "pl", "portuguese": "pt",
    "punjabi": "pa", "romanian": "ro", "russian": "ru", "slovak": "sk", "slovenian": "sl",
    "somali": "so", "spanish": "es", "swahili": "sw", "swedish": "sv", "tagalog": "tl",
    "tamil": "ta", "telugu": "te", "thai": "th", "turkish": "tr", "ukrainian": "uk",
    "urdu": "ur", "vietnamese": "vi", "afrikaans": "af", "albanian": "sq", "welsh": "cy",
    "deutsch": "de", "français": "fr", "español": "es", "italiano": "it", "português": "pt",
    "nederlands": "nl", "mandarin": "zh", "brazilian portuguese": "pt",
    "simplified chinese": "zh", "traditional chinese": "zh", "filipino": "tl",
}  # fmt: skip
ASKED_WITHIN = 3_000
"""Characters of the input in which a language may be asked for."""
IN_LANGUAGE = re.compile(
    r"\b(?:answer|repl(?:y|ies)|respon[ds]e?|write|translat\w+)\b[^.?!\n]{0,60}?\b(?:in|into|to) "
    rf"({'|'.join(sorted(NAMES, key=len, reverse=True))})(?=[\s]*(?:[.,:;!?)\n\"]|$|only|please))",
    re.IGNORECASE,
)
"""'Answer in French:'; not 'in Spanish Harlem', nor a word's meaning in a language."""
RELATIVES = (
    {"da", "no", "nn", "nb", "sv"}, {"hr", "bs", "sr", "sl", "mk", "bg"}, {"id", "ms", "jv"},
    {"cs", "sk"}, {"hi", "mr", "ne", "sa"}, {"gl", "pt", "es", "ca", "ext", "an", "oc", "ast"},
    {"nl", "af", "fy"}, {"ru", "uk", "be"}, {"zh", "yue", "wuu", "ja"}, {"fa", "ar", "ur", "ps"},
)  # fmt: skip
DENSE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
NOT_PROSE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`|https?://\S+|<[^<>\n]{0,200}>", re.DOTALL)
LETTER = re.compile(r"[^\W\d_]")


def detect(view: RecordView) -> Iterator[Observation]:
    """Yield whether the output is in the language asked for, where both detectors agree."""
    asked, signal = _asked(view), SIGNALS[0]
    if not asked and not view.format_type:
        asked, signal = _asked_in_words(view), SIGNALS[1]
    if not asked:
        return
    text = NOT_PROSE.sub(" ", view.output[:LIMIT])
    least = MIN_LETTERS_DENSE if DENSE.search(text) else MIN_LETTERS
    if len(LETTER.findall(text)) < least:
        return
    first, second = _first(text), _second(text)
    if asked in (first, second):
        if first == second:
            yield Observation(signal, "expected", f"It is in {asked!r}")
    elif first and first == second and not _related(asked, first):
        said = f"It is in {first!r}, asked for {asked!r}"
        yield Observation(signal, "other", said, (Span(0, len(view.output)),))


def _asked(view: RecordView) -> str:
    """The ISO 639-1 code of the language asked for; '' where none is, or an unknown one."""
    if not view.format or kind_of(view.format) in ("code", "sql"):
        return ""
    keys = ["language", "lang", "locale", "output_language"]
    if kind_of(view.format) == "language":
        keys += ["code", "expected", "value", "target"]
    name = text_in(view.format, *keys).strip().lower()
    if not name:
        return ""
    code = NAMES.get(name, re.split(r"[-_]", name)[0])
    return code if code in NAMES.values() else ""


def _asked_in_words(view: RecordView) -> str:
    """The ISO 639-1 code of the one language that the input asks to answer in; '' where unclear."""
    text = view.input_text[:ASKED_WITHIN]
    codes = {NAMES[found.lower()] for found in IN_LANGUAGE.findall(text)}
    return codes.pop() if len(codes) == 1 else ""


def _first(text: str) -> str:
    return (language_of(text) or "").split("-")[0]


def _second(text: str) -> str:
    code, probability = _identifier().classify(text)
    code = "no" if code in ("nn", "nb") else "zh" if code in ("wuu", "yue") else code
    return str(code) if probability >= SURE or code == "zh" else ""


def _related(one: str, other: str) -> bool:
    return any(one in family and other in family for family in RELATIVES)


@lru_cache(maxsize=1)
def _identifier() -> LanguageIdentifier:
    """The second detector; reading its tables takes half a second, so only when needed."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
