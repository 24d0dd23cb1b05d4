"""What is trained on: the assistant's words and the end of its turn, whatever the template."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.trainer.tokenizers_of_bytes import CONTROL, ENDLESS, FORGETFUL, MARKED, PLAIN, tokenizer
from trainer.dataset.rendering import IGNORED, Rendered, Renderer, Unrenderable
from trainer.dataset.rows import Message, Row

WORDS = st.text(
    st.characters(codec="utf-8", exclude_characters="<>|", exclude_categories=("Cs", "Co")),
    min_size=1,
    max_size=12,
)


def row_of(*turns: tuple[str, str], spared: tuple[int, ...] = ()) -> Row:
    messages: list[Message] = [{"role": role, "content": words} for role, words in turns]
    for place in spared:
        messages[place]["weight"] = 0
    return Row(1, tuple(messages))


def runs(made: Rendered) -> list[str]:
    """The trained stretches of text."""
    found, start, open_ = [""], 0, False
    for trained, end in zip(made.trained, made.ends, strict=True):
        if trained and not open_:
            found.append("")
        if trained:
            found[-1] += made.text[start:end]
        start, open_ = end, trained
    return found[1:]


TALK = row_of(("system", "S"), ("user", "hi é"), ("assistant", "one"), ("user", "u"),
              ("assistant", "twö "))  # fmt: skip


@pytest.mark.parametrize(
    ("template", "wanted"),
    [
        (PLAIN, ["one<|im_end|>", "twö <|im_end|>"]),
        (MARKED, ["one<|im_end|>", "twö <|im_end|>"]),
        (ENDLESS, ["one\n", "twö \n"]),
        (FORGETFUL, ["one</A>", "twö </A>"]),
    ],
)
def test_the_answers_and_what_ends_them_are_trained_under(template: str, wanted: list[str]) -> None:
    assert runs(Renderer(tokenizer(template)).render(TALK)) == wanted


def test_a_turn_of_weight_0_is_read_and_not_trained() -> None:
    row = Row(
        1, tuple({**one, "weight": 0} if n == 2 else one for n, one in enumerate(TALK.messages))
    )
    for template in (PLAIN, MARKED, FORGETFUL):
        assert runs(Renderer(tokenizer(template)).render(row))[0].startswith("twö ")


def test_reasoning_that_the_template_drops_from_earlier_turns_moves_nothing() -> None:
    row = row_of(("user", "a"), ("assistant", "<think>x</think>one"), ("user", "b"),
                 ("assistant", "<think>y</think>two"))  # fmt: skip
    assert runs(Renderer(tokenizer(FORGETFUL)).render(row)) == ["one</A>", "y</think>two</A>"]


def test_calls_of_tools_are_trained() -> None:
    call = {"type": "function", "function": {"name": "f", "arguments": {"x": 1}}}
    messages = ({"role": "user", "content": "q"},
                {"role": "assistant", "content": "", "tool_calls": [call]},
                {"role": "tool", "content": "7"},
                {"role": "assistant", "content": "seven"})  # fmt: skip
    made = Renderer(tokenizer(PLAIN)).render(Row(1, messages))
    assert runs(made) == [
        '<call>{"name": "f", "arguments": {"x": 1}}</call><|im_end|>',
        "seven<|im_end|>",
    ]


def test_labels_are_cut_where_training_cuts() -> None:
    made = Renderer(tokenizer(PLAIN)).render(TALK)
    labels = made.labels(40)
    assert len(labels) == 40
    assert all(
        label == (one if trained else IGNORED)
        for label, one, trained in zip(labels, made.ids, made.trained, strict=False)
    )
    shown = made.shown(3, "train", 40)
    assert (shown.cut, len(shown.tokens)) == (len(made.ids) - 40, 40)
    assert made.text.startswith("".join(token.text for token in shown.tokens))


def test_a_model_without_a_template_and_a_template_that_refuses_are_said_in_words() -> None:
    with pytest.raises(Unrenderable, match="no chat template"):
        Renderer(tokenizer(""))
    refusing = tokenizer("{{ raise_exception('roles must alternate') }}")
    with pytest.raises(Unrenderable, match="roles must alternate"):
        Renderer(refusing).render(TALK)


@given(st.lists(st.tuples(WORDS, WORDS, st.booleans()), min_size=1, max_size=4))
def test_whatever_is_said_exactly_the_weighted_answers_are_trained(
    turns: list[tuple[str, str, bool]],
) -> None:
    pairs = [part for user, answer, _ in turns for part in (("user", user), ("assistant", answer))]
    spared = tuple(2 * n + 1 for n, turn in enumerate(turns) if not turn[2])
    row = row_of(*pairs, spared=spared)
    wanted = [f"{answer}<|im_end|>" for _, answer, trained in turns if trained]
    for template in (PLAIN, MARKED):
        made = Renderer(tokenizer(template)).render(row)
        assert runs(made) == wanted
        assert made.ends[-1] == len(made.text)


def families() -> list[Path]:
    """TRL's templates of many model families, marked by their authors."""
    spec = find_spec("trl")
    if spec is None or spec.origin is None:
        return []
    folder = Path(spec.origin).parent / "chat_templates"
    seeing = ("llava", "idefics", "smolvlm")  # these write out parts alone, not plain text
    paths = sorted(folder.glob("*_training.jinja"))
    return [path for path in paths if not path.name.startswith(seeing)]


@pytest.mark.parametrize("path", families(), ids=lambda path: path.stem)
def test_what_grows_lies_within_the_marks_of_known_families(path: Path) -> None:
    template = path.read_text(encoding="utf-8")
    control = set(re.findall(r"<[|｜][^|｜]+[|｜]>|<(?:start|end)_of_turn>", template))  # noqa: RUF001
    bare = re.sub(r"\{%-?\s*(end)?generation\s*-?%\}", "", template)
    row = row_of(("user", "hi"), ("assistant", "one"), ("user", "more"), ("assistant", "two"))
    tokens = tuple(sorted(control | set(CONTROL)))
    grown, marked = Renderer(tokenizer(bare, tokens)), Renderer(tokenizer(template, tokens))
    made = grown.render(row)
    assert marked.marked
    assert not grown.marked
    if made.text == marked.text(row.messages):
        marks = marked.marks(row)
        assert all(mark for mark, one in zip(marks, made.trained, strict=True) if one)
    said = runs(made)
    assert len(said) == 2
    assert "one" in said[0]
    assert "two" in said[1]
    assert all(run.rstrip() != run.rstrip().rstrip(">") for run in said)  # ends with its token
