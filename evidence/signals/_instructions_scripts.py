"""Instructions on accents, special characters and scripts: Spanish, French, Japanese."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping

from evidence.signals._instructions_base import (
    MAX_TERMS,
    Check,
    Options,
    Reply,
    Verdict,
    counted,
    number_of,
    quoted,
    spans_of,
    text_of,
)

WORD = re.compile(r"\w+")
ACUTE = re.compile(r"[áéíóúÁÉÍÓÚ]")
ACCENTED = re.compile(r"[àáâãäåçèéêëìíîïñòóôõöùúûüýÿÀÁÂÃÄÅÇÈÉÊËÌÍÎÏÑÒÓÔÕÖÙÚÛÜÝ]")
DIGIT = re.compile(r"\d")
PERIOD = re.compile("。")
INFORMAL = re.compile(r"\b(?:tu|te|t['’]|toi|ton|ta|tes)\b", re.IGNORECASE)
KANJI = re.compile(r"[\u4e00-\u9faf]")
KANJI_RUN = re.compile(r"[\u4e00-\u9faf]+")
READING = re.compile(r"\uff08[ぁ-ん]+\uff09")
HIRAGANA = re.compile(r"[ぁ-ゖ]")
KATAKANA = re.compile(r"[ァ-ヺｦ-ﾟ]")
HIRAGANA_LETTERS = re.compile(r"[ぁ-んー]")
KATAKANA_LETTERS = re.compile(r"[ァ-ンー・ｦ-ﾟ]")
QUOTED = re.compile(r"「[^「」\n]*」|『[^『』\n]*』")
SENTENCE_END = re.compile(r"[。\uff01\uff1f]")


def _none_of(pattern: re.Pattern[str], what: str) -> Check:
    def check(reply: Reply, options: Options) -> Verdict | None:
        spans = spans_of(pattern.finditer(reply.text))
        return Verdict(not spans, f"asked for no {what}; found some", spans)

    return check


def _some_of(pattern: re.Pattern[str], what: str) -> Check:
    def check(reply: Reply, options: Options) -> Verdict | None:
        return Verdict(bool(pattern.search(reply.text)), f"asked for {what}; found none")

    return check


def _only(pattern: re.Pattern[str], what: str) -> Check:
    def check(reply: Reply, options: Options) -> Verdict | None:
        other = [
            letter
            for letter in set(reply.text)
            if unicodedata.category(letter).startswith("L") and not pattern.match(letter)
        ]
        return Verdict(not other, f"asked for {what} alone; found other letters")

    return check


def _marked(first: str, last: str, what: str) -> Check:
    """Something between two marks, as in ¿…?; each part is looked at once."""

    def check(reply: Reply, options: Options) -> Verdict | None:
        parts = reply.text.split(last)[:-1]
        kept = any(part.partition(first)[2].strip(first + " \n\t") for part in parts)
        return Verdict(kept, f"asked for {what} between {first} and {last}; found none")

    return check


def _words_with(holds: Callable[[str], bool], what: str) -> Check:
    def check(reply: Reply, options: Options) -> Verdict | None:
        found = sum(map(holds, WORD.findall(reply.text)))
        wanted = number_of(options, "let_frequency")
        return counted(found, "exactly", wanted, f"words with {what}")

    return check


def _tildes(reply: Reply, options: Options) -> Verdict | None:
    found = sum(bool(ACUTE.search(word)) for word in WORD.findall(reply.text))
    wanted = number_of(options, "num_words")
    return counted(found, options.get("relation"), wanted, "words with an accent")


def _forbidden_letter(reply: Reply, options: Options) -> Verdict | None:
    letter = text_of(options, "forbidden_char")
    if letter is None:
        return None
    spans = spans_of(re.finditer(re.escape(letter), reply.text, re.IGNORECASE))
    return Verdict(not spans, f"asked to leave out {quoted(letter)}; found", spans)


def _accents(reply: Reply, options: Options) -> Verdict | None:
    wanted = options.get("word_to_accentuate")
    if not isinstance(wanted, dict) or not 0 < len(wanted) <= 10 * MAX_TERMS:
        return None
    words = WORD.findall(reply.text.lower())
    wrong = sorted({word for word in words if wanted.get(_plain(word), word) != word})
    return Verdict(not wrong, f"asked for accents; not so in {', '.join(map(quoted, wrong[:5]))}")


def _plain(word: str) -> str:
    """A word without its accents."""
    if word.isascii():
        return word
    parts = unicodedata.normalize("NFD", word)
    return "".join(letter for letter in parts if unicodedata.category(letter) != "Mn")


def _furigana(reply: Reply, options: Options) -> Verdict | None:
    bare = (
        run for run in KANJI_RUN.finditer(reply.text) if not READING.match(reply.text, run.end())
    )
    spans = spans_of(bare)
    return Verdict(not spans, "asked for a reading after all kanji; some have none", spans)


def _kanji(reply: Reply, options: Options) -> Verdict | None:
    found = len(KANJI.findall(reply.text))
    return counted(found, options.get("relation"), number_of(options, "kanji_limit"), "kanji")


def _unified_end(reply: Reply, options: Options) -> Verdict | None:
    ending = text_of(options, "ending")
    if ending is None:
        return None
    sentences = SENTENCE_END.split(QUOTED.sub("", reply.text))
    other = sum(bool(part) and not part.endswith(ending) for part in sentences)
    return Verdict(not other, f"asked to end all sentences with {quoted(ending)}; {other} do not")


CHECKS: Mapping[str, Check] = {
    "punctuation:question_marks": _marked("¿", "?", "a question"),
    "punctuation:exclamation_marks": _marked("¡", "!", "an exclamation"),
    "punctuation:no_period": _none_of(PERIOD, "full stops"),
    "special_character:enie": _words_with(lambda word: "ñ" in word.lower(), "the letter ñ"),
    "special_character:dieresis": _words_with(lambda word: "ü" in word.lower(), "the letter ü"),
    "special_character:tildes": _tildes,
    "special_character:ethel_or_cedilla": _forbidden_letter,
    "special_character:no_accents": _none_of(ACCENTED, "accents"),
    "special_character:accents": _accents,
    "detectable_content:informal_address": _some_of(INFORMAL, "the familiar form of address"),
    "detectable_content:no_digits": _none_of(DIGIT, "digits"),
    "detectable_format:no_digits": _none_of(DIGIT, "digits"),
    "letters:furigana": _furigana,
    "letters:kanji": _kanji,
    "letters:kansuuji": _none_of(DIGIT, "digits"),
    "letters:no_hiragana": _none_of(HIRAGANA, "hiragana"),
    "letters:hiragana_only": _only(HIRAGANA_LETTERS, "hiragana"),
    "letters:no_katakana": _none_of(KATAKANA, "katakana"),
    "letters:katakana_only": _only(KATAKANA_LETTERS, "katakana"),
    "startend:sentence_unified_end": _unified_end,
}
