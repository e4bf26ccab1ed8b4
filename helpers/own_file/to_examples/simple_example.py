"""The simplest example: one question and one answer, with a system message or without."""

from typing import Any

Example = dict[str, Any]


def chat_example(question: str, answer: str, system: str | None = None) -> Example:
    """One question and one answer as an example, with a system message or without."""
    start = [{"role": "system", "content": system}] if system else []
    return {"messages": [*start, {"role": "user", "content": question}, {"role": "assistant", "content": answer}]}


def pair_of(example: Example) -> tuple[str, str, str | None] | None:
    """Question, answer and system message of an example that has nothing else; None for any other: a table cannot show
    it."""
    messages = example.get("messages")
    if set(example) != {"messages"} or not isinstance(messages, list) or not all(map(_plain, messages)):
        return None
    roles, texts = [m["role"] for m in messages], [m["content"] for m in messages]
    if roles == ["user", "assistant"]:
        return *texts, None
    return (texts[1], texts[2], texts[0]) if roles == ["system", "user", "assistant"] else None


def _plain(message: Any) -> bool:
    return isinstance(message, dict) and set(message) == {"role", "content"} and isinstance(message["content"], str)
