"""How a text becomes the terms that BM25 counts.

A word is lower-cased, its accents are folded, and it is stemmed. An identifier, a dotted name or
an error code gives itself whole and its parts, so that both a pasted name and a description in
words find it: ``COleDateTime::GetStatus`` gives itself, ``coledatetime``, ``ole``, ``date``,
``time``, ``getstatus``, ``get``, ``status``; ``C2065`` gives ``c2065`` and ``2065``. Scripts
written without spaces (Chinese, Japanese, Thai, ...) and Korean give overlapping pairs of
characters, as Lucene's CJK analyser does.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.metadata import version
from importlib.resources import files
from typing import Any

import yaml

MAX_TERM = 100
"""Characters of a term; what is longer (encoded data, mostly) is cut there."""
_MARKS = (
    r"\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u0900-\u0963\u0966-\u1059"
)
_WORD = rf"[\w{_MARKS}]+"
CHUNK = re.compile(
    rf"(?<!\w)[CFcf](?:\+\+|\#)|{_WORD}(?:(?:\.|::|->|,(?=\d{{3}}(?!\d)))[\w{_MARKS}]+)*"
)
"""A word, or a name whose parts are joined by ``.``, ``::`` or ``->``, or a number with commas."""
_NO_SPACES = (
    r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    r"\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
)
_SEPARATORS = {
    code: " " for code in range(128) if not (chr(code).isalnum() or chr(code) in "_.:->,+#")
}
"""What in ASCII can stand in no chunk, so that texts may be taken apart there first."""
_SPACELESS = re.compile(rf"[{_NO_SPACES}]")
_SCRIPTS = re.compile(rf"([{_NO_SPACES}]+)|([^{_NO_SPACES}]+)")
_NUMBER = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_JOINTS = re.compile(r"\.|::|->|,")
_JOINING = ".:->,"
_PARTS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+|[^\W\d_A-Za-z]+")
_COMBINING = re.compile(r"[\u0300-\u036f]")

LANGUAGES = {
    **{"ar": "arabic", "ca": "catalan", "cs": "czech", "da": "danish", "de": "german"},
    **{"el": "greek", "en": "english", "es": "spanish", "et": "estonian", "eu": "basque"},
    **{"fa": "persian", "fi": "finnish", "fr": "french", "ga": "irish", "hi": "hindi"},
    **{"hu": "hungarian", "hy": "armenian", "id": "indonesian", "it": "italian"},
    **{"lt": "lithuanian", "nb": "norwegian", "ne": "nepali", "nl": "dutch", "no": "norwegian"},
    **{"pl": "polish", "pt": "portuguese", "ro": "romanian", "ru": "russian", "sr": "serbian"},
    **{"sv": "swedish", "ta": "tamil", "tr": "turkish", "yi": "yiddish"},
}
"""ISO 639-1 code -> Snowball algorithm."""
Stem = Callable[[str], str]
Analyse = Callable[[str], list[str]]


@dataclass(frozen=True, slots=True)
class Tokenizer:
    """Settings of the tokenizer; the same for the passages and for the questions.

    The defaults did best on average over three collections (nDCG@10 on error-code pages, API
    sections and multi-hop passages: 0.79, 0.68, 0.63). Without stop words 0.78, 0.70, 0.58;
    without stems 0.80, 0.67, 0.63; without the parts of identifiers 0.77, 0.64, 0.63.
    """

    stemmer: str = "english"
    """A Snowball algorithm (see `stemmers`); '' leaves the words as they are."""
    stop_words: str = "english"
    """The language whose most common words are left out (see `stop_word_lists`); '' keeps them."""
    identifiers: bool = True
    """Whether names and codes give their parts besides themselves."""

    def __post_init__(self) -> None:
        if self.stemmer and self.stemmer not in stemmers():
            raise ValueError(f"no stemmer {self.stemmer!r}; there are: {', '.join(stemmers())}")
        if self.stop_words and self.stop_words not in stop_word_lists():
            known = ", ".join(stop_word_lists())
            raise ValueError(f"no stop words {self.stop_words!r}; there are: {known}")

    def tokens(self, text: str) -> list[str]:
        """The terms of a text, in order, as often as they stand there."""
        terms = self.analyser()
        return [term for piece in pieces(text) for term in terms(piece)]

    def tokens_of(self, texts: Iterable[str]) -> Iterator[list[str]]:
        """`tokens` of each text; faster for many, as what recurs is analysed once."""
        terms = cache(self.analyser())
        for text in texts:
            yield [term for piece in pieces(text) for term in terms(piece)]

    def spans(self, text: str, wanted: Collection[str]) -> list[tuple[int, int]]:
        """Where the text has one of these terms: characters start up to, not including, end."""
        terms = self.analyser()
        found = set(wanted)
        return [
            match.span()
            for match in CHUNK.finditer(text)
            if not found.isdisjoint(terms(match.group()))
        ]

    def analyser(self) -> Analyse:
        """A function from a piece to its terms, for one thread: a stemmer is not shared."""
        stop = stop_word_lists()[self.stop_words] if self.stop_words else frozenset()
        normal = _normaliser(self.stemmer, stop)
        split = self.identifiers

        def analyse(piece: str) -> list[str]:
            if piece.isascii() and piece.isalnum():
                return _word_terms(piece[:MAX_TERM], normal, split)
            chunks = CHUNK.findall(unicodedata.normalize("NFKC", piece))
            return [term for chunk in chunks for term in _terms(chunk, normal, split)]

        return analyse

    def describe(self) -> dict[str, Any]:
        """The settings as JSON, with what made the stems."""
        return {
            "stemmer": self.stemmer or None,
            "stop_words": self.stop_words or None,
            "identifiers": self.identifiers,
            "versions": {"PyStemmer": version("PyStemmer")} if self.stemmer else {},
        }


def for_language(code: str) -> Tokenizer:
    """The tokenizer for an ISO 639-1 language; without stems and stop words where there are none.

    An unknown language ('') is taken for English.
    """
    name = LANGUAGES.get(code.lower() or "en", "")
    return Tokenizer(name, name if name in stop_word_lists() else "")


def pieces(text: str) -> list[str]:
    """A text cut where no term goes on: what is between two cuts can be analysed by itself.

    Many times faster than the pattern, whose work is then done once for each different piece.
    """
    if text.isascii():
        return text.translate(_SEPARATORS).split()
    chunks: list[str] = CHUNK.findall(unicodedata.normalize("NFKC", text))
    if not _SPACELESS.search(text):
        return chunks
    # Pairs of characters recur, whole sentences would fill the memory with what does not.
    runs = (found for chunk in chunks for found in _SCRIPTS.findall(chunk))
    return [piece for run, word in runs for piece in (_pairs(run) if run else [word])]


@lru_cache(maxsize=1)
def stemmers() -> tuple[str, ...]:
    """The Snowball algorithms by name; most are a language's English name in lower case."""
    import Stemmer

    return tuple(Stemmer.algorithms())


@lru_cache(maxsize=1)
def stop_word_lists() -> dict[str, frozenset[str]]:
    """Language -> its stop words."""
    text = files("evidence.retrieval").joinpath("stop_words.yaml").read_text(encoding="utf-8")
    return {name: frozenset(words.split()) for name, words in yaml.safe_load(text).items()}


def _normaliser(stemmer: str, stop: frozenset[str]) -> Stem:
    """Word -> its term, or '' where it is left out."""
    stem = _stem(stemmer) if stemmer else str
    # English writes accents or leaves them out; elsewhere the endings that are cut may carry them.
    fold_first = stemmer in {"", "english", "porter"}

    def normal(word: str) -> str:
        word = word.lower()
        if word in stop:
            return ""
        if word.isascii():
            return stem(word)
        return stem(folded(word)) if fold_first else folded(stem(word))

    return normal


def _stem(stemmer: str) -> Stem:
    import Stemmer

    uncached: Stem = Stemmer.Stemmer(stemmer, 0).stemWord
    return uncached


def folded(word: str) -> str:
    """The word without accents on its letters: ``café`` -> ``cafe``."""
    return unicodedata.normalize("NFKC", _COMBINING.sub("", unicodedata.normalize("NFKD", word)))


def _terms(chunk: str, normal: Stem, split: bool) -> list[str]:
    if chunk.isascii():
        return _word_terms(chunk[:MAX_TERM], normal, split)
    terms: list[str] = []
    for run, word in _SCRIPTS.findall(chunk):
        terms += _pairs(run) if run else _word_terms(word.strip(_JOINING)[:MAX_TERM], normal, split)
    return terms


def _pairs(run: str) -> list[str]:
    """Every two neighbouring characters; a character that stands alone is itself."""
    return [run[i : i + 2] for i in range(len(run) - 1)] or [run]


def _word_terms(word: str, normal: Stem, split: bool) -> list[str]:
    if word.isdigit():
        return [word]
    if word.isalpha() and _is_plain(word):
        term = normal(word)
        return [term] if term else []
    if _NUMBER.fullmatch(word):
        return [word.replace(",", "")]
    return _name_terms(word, normal, split)


def _is_plain(word: str) -> bool:
    """Whether letters alone make one word: ``word``, ``Word``, ``WORD`` or ``IDs``."""
    return word[1:].islower() or word.islower() or word.removesuffix("s").isupper()


def _name_terms(name: str, normal: Stem, split: bool) -> list[str]:
    """A name whole, its components, and (where asked) the words and numbers in them."""
    components = _JOINTS.split(name)
    terms = [_whole(name)]
    for component in components:
        if component.isalpha() and component.islower():
            terms.append(normal(component))
            continue
        terms.append(_whole(component))
        if split:
            parts = _PARTS.findall(component)
            terms += [normal(part) for part in parts if len(part) > 1 or part.isdigit()]
    return [term for term in dict.fromkeys(terms) if term]


def _whole(name: str) -> str:
    return name.lower() if name.isascii() else folded(name.lower())
