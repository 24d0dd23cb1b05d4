"""The tokenizer that goes into a starter gives what formfact's gives, on any text."""

from __future__ import annotations

import importlib.util
import sys
from types import ModuleType

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from app.starter import StarterSettings, starter_zip
from evidence.retrieval.tokens import Tokenizer, stop_word_lists
from tests.app.starters import passages_of, standard_library, unpacked


@pytest.fixture(scope="module")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    """The tokenizer that goes into a starter."""
    content = starter_zip("bm25", passages_of("a", "Text."), [], {}, StarterSettings())
    path = unpacked(content, tmp_path_factory.mktemp("tokens")) / "tokens.py"
    spec = importlib.util.spec_from_file_location("starter_tokens", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["starter_tokens"] = module
    spec.loader.exec_module(module)
    return module


def same(tokens: ModuleType, ours: Tokenizer, text: str) -> None:
    stop = stop_word_lists()[ours.stop_words] if ours.stop_words else frozenset()
    theirs = tokens.Tokenizer(ours.stemmer, stop, ours.identifiers)

    assert theirs.tokens(text) == ours.tokens(text)


TRICKY = st.text(
    st.sampled_from("aBcS12,.:->_#+ \n\0é\u0301ß日本ไทย한ﬁ²Ⅷ\u0948İCFf\u200d()"), max_size=40
)
TOKENIZERS = st.builds(
    Tokenizer,
    st.sampled_from(["english", "german", "french", "turkish", "porter", ""]),
    st.sampled_from(["english", ""]),
    st.booleans(),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=600)
@given(ours=TOKENIZERS, text=st.text() | TRICKY)
@example(ours=Tokenizer(), text="COleDateTime::GetStatus, C++ and c#; 1,234.5 max_tokens IDs")
@example(ours=Tokenizer(), text="日,234.5日.C#x::日本語abc->é")
@example(ours=Tokenizer(), text="x" * 99 + "Yz" * 9 + "日" * 120)
def test_a_starter_s_tokenizer_gives_the_same_terms(
    tokens: ModuleType, ours: Tokenizer, text: str
) -> None:
    same(tokens, ours, text)


def test_a_starter_s_tokenizer_gives_the_same_terms_of_documentation(tokens: ModuleType) -> None:
    for document in standard_library().documents:
        same(tokens, Tokenizer(), f"{document.title}\n{document.text}")
