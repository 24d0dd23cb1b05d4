"""Who speaks when: orders of roles that teach nothing, or something else than meant."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

from trainer.contract import Finding
from trainer.dataset.checks._base import found
from trainer.dataset.rows import Row
from trainer.dataset.view import View


def find(view: View) -> Iterator[Finding]:
    """One finding for each kind of odd order."""
    for test, severity, title, detail, remedy in _KINDS:
        rows = [row.number for row in view.train if test(row)]
        if rows:
            yield found(severity, title, detail, remedy, rows)  # type: ignore[arg-type]


def _roles(row: Row) -> list[str]:
    return [message["role"] for message in row.messages]


def _late_system(row: Row) -> bool:
    return "system" in _roles(row)[1:]


def _no_user(row: Row) -> bool:
    return "user" not in _roles(row)


def _after_answer(row: Row) -> bool:
    return _roles(row)[-1] != "assistant"


def _says_nothing(row: Row) -> bool:
    return any(
        row.trains(place) and not message["content"].strip() and not message.get("tool_calls")
        for place, message in enumerate(row.messages)
    )


def _repeats(row: Row) -> bool:
    roles = _roles(row)
    return any(one == other and one in ("user", "assistant") for one, other in pairwise(roles))


def _stray_result(row: Row) -> bool:
    """Whether a result of a tool answers no call before it."""
    calls: set[str] = set()
    called = False
    for message in row.messages:
        for call in message.get("tool_calls", ()):
            called = True
            calls.add(call.get("id", ""))
        named = message.get("tool_call_id", "")
        if message["role"] == "tool" and (not called or (named and named not in calls)):
            return True
    return False


def _unknown_tool(row: Row) -> bool:
    names = {tool["function"]["name"] for tool in row.tools}
    used = {
        call["function"]["name"]
        for message in row.messages
        for call in message.get("tool_calls", ())
    }
    return not used <= names


_KINDS: tuple[tuple[Callable[[Row], bool], str, str, str, str], ...] = (
    (_says_nothing, "error", "Empty answers that are trained on",
     "The model would learn to say nothing.",
     "Write the answer, or give the message weight 0."),
    (_stray_result, "error", "Results of tools that nothing called",
     "A message of a tool answers no call before it, or names another call.",
     "Put the call (tool_calls, with its id) before the result."),
    (_unknown_tool, "warning", "Calls of tools that the row does not offer",
     "The model would learn to call what it was not told of.",
     "List the tools of the conversation under tools."),
    (_no_user, "warning", "Conversations without a user",
     "Nothing is asked, so the model learns to say this whatever is asked.",
     "Add what the user said."),
    (_late_system, "warning", "System messages in the middle",
     "Many chat templates refuse them or write them out as something else.",
     "Put the system message first."),
    (_after_answer, "warning", "Words after the last answer",
     "What follows the last answer of the assistant is never trained on.",
     "End the conversation with the answer."),
    (_repeats, "note", "Turns that do not alternate",
     "Two messages of one role follow each other; some chat templates refuse that.",
     "Join them, if they are one turn."),
)  # fmt: skip
