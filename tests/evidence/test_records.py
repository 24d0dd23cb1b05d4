import pytest
from pydantic import ValidationError

from evidence.records import FailureRecord, complaint


def said_of(**fields: object) -> str:
    with pytest.raises(ValidationError) as caught:
        FailureRecord.model_validate({"id": "r1", "input": "a", "output": "b"} | fields)
    return complaint(caught.value)


def test_chat_messages_and_passages_are_kept() -> None:
    chat = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi", "n": 1}]
    record = FailureRecord.model_validate(
        {"id": "r1", "input": chat, "output": "", "context": ["one", "two"]}
    )
    assert not isinstance(record.input, str)
    assert [message.role for message in record.input] == ["system", "user"]
    assert record.model_dump(mode="json", exclude_unset=True)["input"] == chat


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"output": 7}, "output: must be text"),
        ({"input": [{"content": "a"}]}, "input: must be text or chat messages, each with a role"),
        ({"context": [1]}, "context: must be text or a list of texts"),
        ({"format_spec": {}}, "format_spec: field required (type)"),
        ({"id": 1, "output": None}, "id: must be text; output: must be text"),
    ],
)
def test_everything_wrong_with_a_record_is_said_in_plain_words(
    fields: dict[str, object], said: str
) -> None:
    assert said_of(**fields) == said
