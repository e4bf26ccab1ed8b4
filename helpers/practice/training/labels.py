"""From chat examples to what a trainer reads: token ids, and labels on the assistant's tokens only.

Many chat templates have no `{% generation %}` block to say which tokens are the assistant's. So a conversation is
rendered as text, the span of each answer is found in it, and the tokens inside these spans get labels. All others get
`-100`: the model reads them, and no loss is computed for them.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

IGNORED = -100  # the label of a token that is not learned, as in Transformers
SPOKEN_BY = {"developer": "system", "function": "tool"}  # roles that open models know under another name


@dataclass(frozen=True)
class Encoded:
    """One example: `labels` are IGNORED except on answers with weight 1. `cut`: it was longer than the limit."""

    input_ids: list[int]
    labels: list[int]
    cut: bool


def encode(
    messages: list[dict[str, Any]], tokenizer: Any, limit: int, tools: list[dict[str, Any]] | None = None
) -> Encoded:
    """Token ids and labels of a conversation.

    Args:
        messages: The conversation.
        tokenizer: Its chat template renders the conversation.
        limit: The most tokens; what is cut off is the end.
        tools: The functions that the example offers. They are rendered if the chat template has a place for them.

    Returns:
        The example as a trainer reads it.

    Raises:
        ValueError: The chat template changes earlier messages when later ones follow.
    """
    plain = [plain_message(message) for message in messages]
    text = render(tokenizer, plain, tools=tools)
    answers = [
        _span(tokenizer, plain, number, text, tools)
        for number, message in enumerate(messages)
        if message["role"] == "assistant" and message.get("weight", 1) != 0
    ]
    tokens = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
    ids = tokens["input_ids"]
    labels = [
        token if any(begin <= first and last <= end for begin, end in answers) else IGNORED
        for token, (first, last) in zip(ids, tokens["offset_mapping"], strict=True)
    ]
    return Encoded(ids[:limit], labels[:limit], len(ids) > limit)


def encode_all(examples: Iterable[dict[str, Any]], tokenizer: Any, limit: int) -> list[Encoded]:
    """Examples of which nothing is left to learn (every weight 0, or cut off) are left out."""
    encoded = [encode(example["messages"], tokenizer, limit, example.get("tools")) for example in examples]
    return [each for each in encoded if any(label != IGNORED for label in each.labels)]


def preferences(examples: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Preference examples (DPO) with the names that TRL gives to their parts."""
    return [
        {
            "prompt": [plain_message(message) for message in example["input"]["messages"]],
            "chosen": [plain_message(message) for message in example["preferred_output"]],
            "rejected": [plain_message(message) for message in example["non_preferred_output"]],
        }
        for example in examples
    ]


def plain_message(message: dict[str, Any]) -> dict[str, str]:
    """A message with a role and a text only: parts are joined, a tool call is written as JSON."""
    content = message.get("content") or ""
    if isinstance(content, list):
        content = "".join(part.get("text") or part.get("refusal") or "" for part in content)
    calls = message.get("tool_calls") or ([message["function_call"]] if message.get("function_call") else [])
    written = "\n".join(json.dumps(call.get("function", call), ensure_ascii=False) for call in calls)
    role = SPOKEN_BY.get(message["role"], message["role"])
    return {"role": role, "content": "\n".join(filter(None, [content, written]))}


def render(
    tokenizer: Any, plain: list[dict[str, str]], *, ask: bool = False, tools: list[dict[str, Any]] | None = None
) -> str:
    """The conversation as the model reads it; with `ask`, up to where its answer begins."""
    given = {"tools": tools} if tools and knows_tools(tokenizer) else {}
    return tokenizer.apply_chat_template(plain, tokenize=False, add_generation_prompt=ask, **given)


def knows_tools(tokenizer: Any) -> bool:
    """Whether the chat template of a model has a place for functions."""
    return bool(re.search(r"\btools\b", tokenizer.get_chat_template(tools=[])))


def _span(
    tokenizer: Any,
    plain: list[dict[str, str]],
    number: int,
    text: str,
    tools: list[dict[str, Any]] | None,
) -> tuple[int, int]:
    """Where an answer begins and ends in the text, with the token that ends a turn, without the line break after it.

    Args:
        tokenizer: its chat template renders the conversation.
        plain: the messages, each with a role and a text.
        number: which message is the answer.
        text: the whole conversation, rendered.
        tools: the functions that it offers.

    Raises:
        ValueError: the template changes earlier messages when later ones follow.
    """
    before = (
        render(tokenizer, plain[:number], ask=True, tools=tools) if number else text[: text.index(plain[0]["content"])]
    )
    upto = render(tokenizer, plain[: number + 1], tools=tools).rstrip()
    if not (text.startswith(before) and text.startswith(upto)):
        raise ValueError(
            "The chat template of this model changes earlier messages when later ones follow, so the assistant's words "
            "cannot be told apart. Use examples with one answer each, or another model."
        )
    return len(before), len(upto)
