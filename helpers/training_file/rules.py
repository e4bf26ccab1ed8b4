"""The one rule book of the training formats, read by the learner's check and by the practice server alike.

Pure functions: no file is opened here. A line goes in, the example and every problem in it come out.
The rules are those of OpenAI's guides and of errors seen on its API. Where those are silent, and something
can be learned from the example all the same, the problem is a warning. Rules for chat examples are in chat_rules.py,
for preferences in dpo_rules.py, for functions in tool_rules.py, for what a message says in content_rules.py; what is no
JSON is explained in json_line.py, another program's format in other_format.py.
"""

from collections.abc import Iterable
from typing import Any, Literal

from helpers.display.tables import plural
from helpers.training_file.chat_rules import check_chat
from helpers.training_file.dpo_rules import DPO_OTHER_NAMES, check_dpo
from helpers.training_file.json_line import check_characters, not_an_object, object_on
from helpers.training_file.other_format import other_format
from helpers.training_file.problem import Example, Finding, Problem, excerpt

MIN_EXAMPLES = 10

Kind = Literal["chat", "dpo", "completions", "unknown"]

__all__ = [
    "Example", "Finding", "Kind", "Problem",
    "check_example", "check_given", "check_line", "kind_of", "parse_line", "whole_file",
]  # fmt: skip


def check_line(raw: bytes, line: int) -> tuple[Example | None, list[Problem]]:
    """One line of a JSONL file: the example (None if it cannot be read) and all its problems."""
    example, problems = parse_line(raw, line)
    if example is not None:
        problems += check_example(example, line)
    return example, problems


def parse_line(raw: bytes, line: int) -> tuple[Example | None, list[Problem]]:
    """The object on a line of JSONL, or why there is none. This much is checked at upload, and no more."""
    finding = Finding(line)
    return object_on(raw, finding), finding.problems


def check_example(example: Any, line: int | None = None) -> list[Problem]:
    """Every problem in one example, chat or preference (DPO)."""
    finding = Finding(line)
    if not isinstance(example, dict):
        not_an_object(example, finding)
        return finding.problems
    match kind_of(example):
        case "chat":
            check_chat(example, finding)
        case "dpo":
            check_dpo(example, finding)
        case kind:
            _check_other(example, kind, finding)
    return finding.problems


def check_given(example: Any, line: int | None = None) -> list[Problem]:
    """Every problem of an example that stands on no line, where what parse_line() finds would have been found."""
    finding = Finding(line)
    if isinstance(example, dict):
        check_characters(example, finding)
    return [*check_example(example, line), *finding.problems]


def _check_other(example: Example, kind: Kind, finding: Finding) -> None:
    """The example is in another program's format, or in none."""
    found = other_format(example)
    if kind == "completions":
        fix = "write it as a chat; prompt/completion files can no longer be trained on since October 2024"
        what = found.found if found else "prompt and completion"
        finding.error("old_format", "the example", what, "messages", f"{fix}; {found.fix}" if found else fix)
    elif found:
        finding.error("missing_messages", "the example", found.found, found.expected, found.fix)
    else:
        keys = ", ".join(excerpt(str(key)) for key in sorted(example, key=str)[:5])
        finding.error(
            "missing_messages", "the example", f"only {keys}" if keys else "nothing in it", '"messages"',
            'put the conversation into a list named "messages"; examples_from("file") makes examples of many formats',
        )  # fmt: skip


def kind_of(example: Example) -> Kind:
    """Which training format an example is written in."""
    if "messages" in example:
        return "chat"
    if any(key in example for key in ("preferred_output", "non_preferred_output", *DPO_OTHER_NAMES)):
        return "dpo"
    if "chosen" in example or "rejected" in example:
        return "unknown"  # preferences as TRL writes them
    if "prompt" in example or "completion" in example:
        return "completions"
    given = example.get("input")
    return "dpo" if isinstance(given, dict) and "messages" in given else "unknown"


def whole_file(count: int, kinds: Iterable[Kind]) -> list[Problem]:
    """The rules about a file as a whole: enough examples, all of one kind. `count` is that of its lines."""
    finding = Finding(None)
    if count < MIN_EXAMPLES:
        finding.error(
            "too_few", "the file", plural(count, "example"), f"at least {MIN_EXAMPLES}",
            "add examples; clear improvements begin at 50 to 100",
        )  # fmt: skip
    known = sorted(set(kinds) - {"unknown"})  # one that is no example at all has been named on its own line
    if len(known) > 1:
        found = " and ".join(known)
        finding.error("mixed_kinds", "the file", found, "one kind of example", "make a file of each kind")
    return finding.problems
