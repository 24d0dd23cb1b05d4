from __future__ import annotations

import unicodedata
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.retrieval.tokens import (
    CHUNK,
    LANGUAGES,
    MAX_TERM,
    Tokenizer,
    folded,
    for_language,
    pieces,
    stemmers,
    stop_word_lists,
)

PLAIN = Tokenizer(stemmer="", stop_words="")


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("C2065", ["c2065", "2065"]),
        ("LNK2019", ["lnk2019", "lnk", "2019"]),
        ("getUserName", ["getusername", "get", "user", "name"]),
        ("XMLHttpRequest", ["xmlhttprequest", "xml", "http", "request"]),
        ("max_new_tokens", ["max_new_tokens", "max", "new", "tokens"]),
        ("__init__", ["__init__", "init"]),
        ("os.path.join", ["os.path.join", "os", "path", "join"]),
        ("std::vector->size", ["std::vector->size", "std", "vector", "size"]),
        ("CList::AddTail", ["clist::addtail", "clist", "list", "addtail", "add", "tail"]),
        ("1,000,000", ["1000000"]),
        ("3.14", ["3.14", "3", "14"]),
        ("C++ and C#", ["c++", "and", "c#"]),
        ("c++17", ["c++", "17"]),
        ("IDs", ["ids"]),
        ("Café, café", ["cafe", "cafe"]),
        ("cafe\u0301", ["cafe"]),
        ("東京都", ["東京", "京都"]),
        ("漢", ["漢"]),
        ("Python入門", ["python", "入門"]),
        ("한국어", ["한국", "국어"]),
        ("हिन्दी भाषा", ["हिन्दी", "भाषा"]),
        ("\uff23\uff12\uff10\uff16\uff15", ["c2065", "2065"]),
        ("ㇰ㈱ﾊﾟﾝ", ["ㇰ", "株", "パン"]),
        ("end.\nNext", ["end", "next"]),
        ("\x00", []),
        ("", []),
    ],
)
def test_words_names_codes_and_scripts_give_their_terms(text: str, terms: list[str]) -> None:
    assert PLAIN.tokens(text) == terms


def test_words_are_stemmed_and_common_ones_left_out() -> None:
    assert Tokenizer().tokens("The linkers are linking") == ["linker", "link"]


def test_names_are_kept_whole_alone_where_their_parts_are_not_wanted() -> None:
    names = Tokenizer("", "", identifiers=False)
    assert names.tokens("getUserName C2065 os.path") == [
        *("getusername", "c2065", "os.path"),
        *("os", "path"),
    ]


def test_a_question_finds_a_word_with_or_without_its_accents() -> None:
    assert Tokenizer().tokens("résumés") == Tokenizer().tokens("resumes")


def test_a_language_brings_its_stemmer_and_its_stop_words() -> None:
    german = for_language("de")
    assert german.tokens("die Häuser und das Haus") == ["haus", "haus"]
    assert for_language("") == Tokenizer()


def test_a_language_without_a_stemmer_keeps_its_words() -> None:
    assert for_language("th") == PLAIN


def test_every_language_has_an_algorithm_and_every_list_of_stop_words_a_language() -> None:
    assert set(LANGUAGES.values()) <= set(stemmers())
    assert set(stop_word_lists()) <= set(LANGUAGES.values())


@pytest.mark.parametrize("wrong", [{"stemmer": "klingon"}, {"stop_words": "klingon"}])
def test_what_is_not_known_is_named_with_what_is(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"klingon.*english"):
        Tokenizer(**wrong)  # type: ignore[arg-type]


def test_the_settings_say_which_stemmer_and_stop_words_were_used() -> None:
    told = Tokenizer().describe()
    assert (told["stemmer"], told["stop_words"]) == ("english", "english")
    assert PLAIN.describe()["stemmer"] is None


def test_what_matched_is_found_in_the_text() -> None:
    text = "Linking failed: LNK2019 in café."
    wanted = Tokenizer().tokens("link cafe 2019")
    found = [text[start:end] for start, end in Tokenizer().spans(text, wanted)]
    assert found == ["Linking", "LNK2019", "café"]


def test_many_texts_give_what_each_gives_alone() -> None:
    texts = ["Linking LNK2019", "", "東京 linking"]
    assert list(Tokenizer().tokens_of(texts)) == [Tokenizer().tokens(text) for text in texts]


def test_a_term_has_a_longest_length_and_a_long_run_is_no_burden() -> None:
    terms = PLAIN.tokens("a" * 1_000_000 + " " + "a.b" * 300_000)
    assert max(map(len, terms)) <= MAX_TERM
    assert len(PLAIN.tokens("漢字" * 50_000)) == 99_999


def _terms(chunks: Sequence[str]) -> list[str]:
    analyse = PLAIN.analyser()
    return [term for chunk in chunks for term in analyse(chunk)]


@given(st.text(st.characters(codec="ascii")) | st.text("aé東京ก \uff0e,.:1A_", max_size=20))
def test_cutting_a_text_first_changes_none_of_its_terms(text: str) -> None:
    whole = unicodedata.normalize("NFKC", text)
    assert _terms(pieces(text)) == _terms(CHUNK.findall(whole))


@given(st.text())
def test_any_text_gives_terms_without_spaces_and_the_same_ones_in_capitals(text: str) -> None:
    terms = Tokenizer().tokens(text)
    assert all(term and not any(sign.isspace() for sign in term) for term in terms)


@given(st.text(st.characters(categories=["Ll", "Lu", "Mn"])))
def test_folding_twice_is_folding_once(text: str) -> None:
    assert folded(folded(text)) == folded(text)
