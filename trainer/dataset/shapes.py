"""The shapes that a row comes in, brought to one: messages with text, and tools."""

from __future__ import annotations

import json
from typing import Any

ROLES = ("system", "developer", "user", "assistant", "tool")
MOST_MESSAGES = 2_000
_OLD = {"function_call": "tool_calls", "functions": "tools"}

Object = dict[str, Any]


class BadShape(ValueError):
    """What is wrong with a row, in words."""


def conversation(value: Object) -> tuple[list[Object], list[Object]]:
    """Messages and tools of a row in any of the shapes; raises BadShape."""
    if "messages" in value:
        return _messages(value["messages"]), _tools(value)
    if "prompt" in value or "completion" in value:
        return _prompted(value), _tools(value)
    if "input" in value and "output" in value:
        return _corrected(value), []
    raise BadShape('a row has "messages", or "prompt" and "completion"')


def _prompted(value: Object) -> list[Object]:
    """A prompt and its completion; only the completion is trained on."""
    if "prompt" not in value or "completion" not in value:
        raise BadShape('"prompt" and "completion" go together')
    asked = _as_messages(value["prompt"], "user")
    for message in asked:
        if message["role"] == "assistant":
            message["weight"] = 0
    return asked + _as_messages(value["completion"], "assistant")


def _corrected(value: Object) -> list[Object]:
    """A failure record: its input, with the context that it was to answer from, and the remedy."""
    right = value.get("correction") or value.get("reference")
    if not isinstance(right, str) or not right.strip():
        raise BadShape("a failure record needs a correction or a reference to learn from")
    asked = _as_messages(value["input"], "user")
    context = _context(value.get("context"))
    if context and not any(context in item["content"] for item in asked):
        last = next((item for item in reversed(asked) if item["role"] == "user"), None)
        if last is None:
            raise BadShape("the input of the failure record has no message of the user")
        last["content"] = f"{context}\n\n{last['content']}"
    for message in asked:
        if message["role"] == "assistant":
            message["weight"] = 0
    return [*asked, {"role": "assistant", "content": right}]


def _context(value: Any) -> str:
    if value is None:
        return ""
    parts = value if isinstance(value, list) else [value]
    if not all(isinstance(part, str) for part in parts):
        raise BadShape("context is a text or a list of texts")
    return "\n\n".join(parts)


def _as_messages(value: Any, role: str) -> list[Object]:
    return [{"role": role, "content": value}] if isinstance(value, str) else _messages(value)


def _messages(value: Any) -> list[Object]:
    if not isinstance(value, list) or not value:
        raise BadShape("messages is a list with at least one message")
    if len(value) > MOST_MESSAGES:
        raise BadShape(f"more than {MOST_MESSAGES:,} messages")
    return [_message(item, f"message {place}") for place, item in enumerate(value, 1)]


def _message(value: Any, where: str) -> Object:
    if not isinstance(value, dict):
        raise BadShape(f"{where} is not an object")
    role = value.get("role")
    if role not in ROLES:
        raise BadShape(f"{where}: role is one of {', '.join(ROLES)}")
    for old, new in _OLD.items():
        if old in value:
            raise BadShape(f"{where}: {old} is an old form; write {new}")
    made = {"role": "system" if role == "developer" else role}
    calls = _calls(value.get("tool_calls"), role, where)
    made["content"] = _content(value.get("content"), where, bool(calls))
    if calls:
        made["tool_calls"] = calls
    return made | _marks(value, role, where)


def _content(value: Any, where: str, may_lack: bool) -> str:
    """The text of a message, its parts put together."""
    if value is None and may_lack:
        return ""
    if isinstance(value, list):
        parts = [part for part in value if isinstance(part, dict) and part.get("type") == "text"]
        texts = [part["text"] for part in parts if isinstance(part.get("text"), str)]
        if len(texts) == len(value):
            return "".join(texts)
        raise BadShape(f"{where}: only parts of text can be trained on")
    if not isinstance(value, str):
        raise BadShape(f"{where}: content is a text")
    return value


def _marks(value: Object, role: str, where: str) -> Object:
    """``weight``, ``name`` and ``tool_call_id``, where they are said."""
    made: Object = {}
    weight = value.get("weight")
    if weight is not None:
        if role != "assistant" or isinstance(weight, bool) or weight not in (0, 1):
            raise BadShape(f"{where}: weight is 0 or 1, and an assistant's alone")
        made["weight"] = int(weight)
    for key in ("name", "tool_call_id"):
        given = value.get(key)
        if given is not None and not isinstance(given, str):
            raise BadShape(f"{where}: {key} is a text")
        made |= {key: given} if given else {}
    return made


def _calls(value: Any, role: str, where: str) -> list[Object]:
    if value is None or value == []:
        return []
    if role != "assistant" or not isinstance(value, list):
        raise BadShape(f"{where}: tool_calls is a list, and an assistant's alone")
    return [_call(item, where) for item in value]


def _call(value: Any, where: str) -> Object:
    """A call of a tool; its arguments as an object, the form that chat templates write out."""
    function = value.get("function") if isinstance(value, dict) else None
    name = function.get("name") if isinstance(function, dict) else None
    if not isinstance(function, dict) or not isinstance(name, str) or not name:
        raise BadShape(f"{where}: a tool call has a function with a name and arguments")
    arguments = function.get("arguments", {})
    if isinstance(arguments, str):
        try:
            arguments = json.loads(arguments or "{}")
        except (ValueError, RecursionError):
            raise BadShape(f"{where}: the arguments of {name[:60]} are not JSON") from None
    if not isinstance(arguments, dict):
        raise BadShape(f"{where}: the arguments of {name[:60]} are no object")
    made: Object = {"type": "function", "function": {"name": name, "arguments": arguments}}
    given = value.get("id")
    return made | ({"id": given} if isinstance(given, str) and given else {})


def _tools(value: Object) -> list[Object]:
    if "functions" in value:
        raise BadShape("functions is an old form; write tools")
    tools = value.get("tools")
    if tools is None:
        return []
    if not isinstance(tools, list):
        raise BadShape("tools is a list")
    for tool in tools:
        function = tool.get("function") if isinstance(tool, dict) else None
        if not isinstance(function, dict) or not isinstance(function.get("name"), str):
            raise BadShape("a tool has a function with a name")
    return tools
