"""An example that is written as another program writes it: how it is named, and how it becomes one of OpenAI's.

Which formats there are, and how they are converted, is known to helpers/own_file, as for `examples_from`. Here it is
made sure that nothing is lost: an example of which a text would get lost on the way is left as it was.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from helpers.own_file.arguments import Arguments
from helpers.own_file.dialect_readers.marked_text import one_text
from helpers.own_file.dialect_readers.messages import ROLE_KEYS, TEXT_KEYS, NoMessage
from helpers.own_file.dialect_readers.prompt_separators import Separators
from helpers.own_file.dialects import Dialect, dialect_by_its_keys, dialect_of
from helpers.own_file.findings import Findings, OwnFileError
from helpers.own_file.format_readers.strict_json import json_inside
from helpers.own_file.record import Contents, Record
from helpers.own_file.to_examples.column_examples import examples
from helpers.own_file.to_examples.column_mapping import mapping_of
from helpers.own_file.to_examples.column_names import answer_rank, question_rank
from helpers.training_file.problem import Example, carries_text

USE_EXAMPLES_FROM = 'examples_from("file") makes examples of it'
LET_REPAIR = f"let repair() convert it, or {USE_EXAMPLES_FROM}"
NOTHING_TO_READ = 'write the question and the answer into it; examples_from("file") says what is missing'
PAIR = "a question and an answer as two keys"


@dataclass(frozen=True)
class OtherFormat:
    """What was found in place of an example of OpenAI's, what was expected, and what to do."""

    found: str
    expected: str = '"messages"'
    fix: str = LET_REPAIR


def other_format(example: Example) -> OtherFormat | None:
    """Which format an example is written in, if it is not OpenAI's; None if nobody knows it."""
    dialect = dialect_of(example)
    if dialect is not None:
        preference = "chosen" in dialect.answer
        expected = '"input", "preferred_output" and "non_preferred_output"' if preference else '"messages"'
        return OtherFormat(f"the format {dialect.name}", expected)
    if example.keys() == {"text"}:
        return OtherFormat("one text (plain text for pre-training)", fix=USE_EXAMPLES_FROM)
    if {"role", "content"} <= example.keys():
        expected = 'all messages of a conversation in one example: {"messages": [...]}'
        return OtherFormat("one message of a conversation", expected, USE_EXAMPLES_FROM)
    if _pair(example):
        return OtherFormat(PAIR)
    meant = dialect_by_its_keys(example)
    return OtherFormat(f"the format {meant.name}, but no text in it", fix=NOTHING_TO_READ) if meant else None


def converted(example: Example, marks: Separators) -> tuple[str, Example] | None:
    """The name of the format an example was in, and the example in OpenAI's. None where it is to be left as it is.

    Args:
        example: An example in any format.
        marks: What stands after each prompt and completion of the file, and is not to be learned.
    """
    dialect = dialect_of(example)
    try:
        found = _pair(example) if dialect is None else _by_dialect(dialect, example, marks)
    except NoMessage:
        return None
    if found is None:
        return None
    made, given, left_out = found
    # What has no place in OpenAI's format stays beside it, for the rules to name.
    made |= {key: value for key, value in example.items() if key in left_out and key not in made}
    return None if _loses_text(given, made) else (dialect.name if dialect is not None else PAIR, made)


Found = tuple[Example, Example, set[str]]  # the example, of what it was made, and the keys that were left out


def _by_dialect(dialect: Dialect, example: Example, marks: Separators) -> Found:
    """Raises NoMessage."""
    given = marks.without(example) if "prompt" in example else dict(example)
    left_out: set[str] = set()
    made = dialect.read(given, left_out)
    if dialect.read is one_text:  # which sees to it by itself that no word is lost
        del given["text"]
    return made, given, left_out


def _pair(example: Example) -> Found | None:
    """The chat example of two keys whose names say plainly which is the question and which the answer."""
    record, contents = Record("", example), Contents("", "", [])
    try:
        mapping = mapping_of(contents, [record], Arguments(), Findings())
        if question_rank(mapping.question) < 2 or answer_rank(mapping.answer) < 2:
            return None
        made = next(examples(contents, [record], [record], mapping, Findings()), None)
    except OwnFileError:
        return None
    used = {mapping.question, mapping.answer, mapping.system}
    return (made, example, {key for key in example if key not in used}) if made else None


def _loses_text(before: Example, after: Example) -> bool:
    """Whether something that is said in an example is not said in the other."""
    said = "\n".join(text for _, text in _texts(after, ""))
    return any(text not in said for key, text in _texts(before, "") if key in TEXT_KEYS or carries_text(key, text))


def _texts(value: Any, key: str) -> Iterator[tuple[str, str]]:
    """Every text in a value, also in JSON that was written as text, with the key under which it stands."""
    if isinstance(value, str):
        inside = json_inside(value)
        yield from [(key, value.strip())] if inside is None else _texts(inside, key)
    elif isinstance(value, dict):
        for name, part in value.items():
            if name not in ROLE_KEYS or not isinstance(part, str):
                yield from _texts(part, name)
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part, key)
