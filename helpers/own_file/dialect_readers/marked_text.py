"""One text in which marks say who speaks: ChatML, Llama's [INST], "### Instruction:", "Human:"."""

import re
from collections.abc import Iterator

from helpers.own_file.dialect_readers.messages import NoMessage
from helpers.own_file.dialect_readers.record_parts import Example, Values

_LABELS = {
    "system": "system", "instruction": "user", "question": "user", "human": "user", "user": "user", "input": "user",
    "prompt": "user", "q": "user", "response": "assistant", "answer": "assistant", "assistant": "assistant",
    "output": "assistant", "completion": "assistant", "a": "assistant", "gpt": "assistant", "bot": "assistant",
}  # fmt: skip
_MARKS = (
    re.compile(r"<\|im_start\|>\s*(\w+)\s*\n"),
    re.compile(r"<\|start_header_id\|>\s*(\w+)\s*<\|end_header_id\|>\s*"),
    re.compile(r"<\|(system|user|assistant)\|>\s*"),
    re.compile(r"(?:^|\n)\s*+#{2,3}\s*(\w+)\s*:?[ \t]*"),
    re.compile(r"(?:^|\n)\s*+(System|Human|User|Assistant|Question|Answer|Q|A|GPT|Bot)\s*:[ \t]*"),
)
_ENDS = re.compile(r"<\|(?:im_end|eot_id|endoftext|end_of_text|begin_of_text|end)\|>|</?s>")
_WORDS_OF_MARKS = {"im_start", "start_header_id", "end_header_id", "INST", "SYS"}
_MANY_BLANKS = re.compile(r"\s{200}")  # no text with marks has them, and looking for marks in them would take minutes
_LLAMA_SYSTEM = re.compile(r"\s*<<SYS>>(.*?)<</SYS>>", re.DOTALL)


def marked_messages(text: str) -> list[Values]:
    """The messages of a text in which marks say who speaks; none if there are no such marks."""
    if _MANY_BLANKS.search(text):
        return []
    if "[INST]" in text:
        return _llama_messages(text)
    for mark in _MARKS:
        parts = mark.split(text)
        roles = [_LABELS.get(name.lower()) for name in parts[1::2]]
        if "user" in roles and "assistant" in roles:
            messages: list[Values] = []
            before = _ENDS.sub("", parts[0]).strip()
            pairs = [("system", before)] if before else []
            pairs += [(role or "", _ENDS.sub("", said).strip()) for role, said in zip(roles, parts[2::2], strict=True)]
            if any(not role for role, _ in pairs):
                continue
            for role, said in pairs:
                if messages and messages[-1]["role"] == role:
                    messages[-1]["content"] += f"\n\n{said}" if said else ""
                else:
                    messages.append({"role": role, "content": said})
            return messages
    return []


def _llama_messages(text: str) -> list[Values]:
    messages: list[Values] = []
    for asked, said in _llama_turns(text):
        if system := _LLAMA_SYSTEM.match(asked):
            messages.append({"role": "system", "content": system[1].strip()})
            asked = asked[system.end() :]
        messages.append({"role": "user", "content": asked.strip()})
        messages.append({"role": "assistant", "content": _ENDS.sub("", said).strip()})
    return messages


def _llama_turns(text: str) -> Iterator[tuple[str, str]]:
    """What stands between [INST] and [/INST], and what after it."""
    start = text.find("[INST]")
    while start >= 0 and (end := text.find("[/INST]", start)) >= 0:
        following = text.find("[INST]", end)
        yield text[start + len("[INST]") : end], text[end + len("[/INST]") : following if following >= 0 else None]
        start = following


def _words_outside(text: str, messages: list[Values]) -> list[str]:
    """The words of a text that are neither marks nor in one of its messages."""
    text = _ENDS.sub("", text)
    for message in messages:
        for part in message["content"].split("\n\n"):
            text = text.replace(part, " ", 1)
    return [word for word in re.findall(r"\w+", text) if word.lower() not in _LABELS and word not in _WORDS_OF_MARKS]


def is_one_text(values: Values) -> bool:
    return isinstance(values.get("text"), str) and bool(marked_messages(values["text"]))


def one_text(values: Values, left_out: set[str]) -> Example:
    messages = marked_messages(values["text"])
    if not messages or any(not each["content"] for each in messages):
        raise NoMessage("no question with an answer in the text")
    if outside := _words_outside(values["text"], messages):
        raise NoMessage(f"text that no mark belongs to: {outside[0]}")
    left_out |= {str(name) for name in values if name != "text" and values[name] not in (None, "")}
    return {"messages": messages}
