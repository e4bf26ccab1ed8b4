"""What the readers of all dialects share: the system message beside a conversation, lists that are JSON in a cell."""

import json
from typing import Any

Values = dict[str, Any]
Example = dict[str, Any]

SYSTEM_KEYS = ("system", "system_prompt", "systemInstruction", "system_instruction", "system_message")
LISTS = tuple(
    "messages conversations conversation contents chat_messages dialog dialogue turns chat items message "
    "chat_history".split()
)


def text_of_parts(value: Any) -> str:
    """The text of a system message: text, a message, or parts."""
    if isinstance(value, dict):
        return text_of_parts(value.get("parts", value.get("text", value.get("content", ""))))
    if isinstance(value, list):
        return "\n".join(filter(None, map(text_of_parts, value)))
    return value if isinstance(value, str) else ""


def with_system(messages: list[Values], values: Values) -> list[Values]:
    """The messages, with the text that stands beside them as their system message. An empty one says nothing."""
    texts = dict.fromkeys(text for key in SYSTEM_KEYS if (text := text_of_parts(values.get(key)).strip()))
    said = [each.get("content") for each in messages if each.get("role") == "system"]
    system = "\n\n".join(text for text in texts if text not in said)
    messages = [each for each in messages if each.get("role") != "system" or each.get("content") != ""]
    return [{"role": "system", "content": system}, *messages] if system else messages


def decoded(value: Any) -> Any:
    """A list that stands in a cell of a table as JSON."""
    if isinstance(value, str) and value.lstrip()[:1] in ("[", "{"):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):  # also a number of thousands of digits
            return value
    return value
