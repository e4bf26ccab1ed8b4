"""From a source to examples: recognise its format and the dialect of its records, map the parts, say what was done."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any

from helpers.own_file.arguments import Arguments
from helpers.own_file.dialect_readers.messages import NoMessage
from helpers.own_file.dialect_readers.prompt_separators import separators_of
from helpers.own_file.dialects import Dialect, dialect_of
from helpers.own_file.findings import AmbiguousFile, Findings, UnreadableFile, listed
from helpers.own_file.formats import reader_of
from helpers.own_file.record import Contents, Record
from helpers.own_file.source import Source
from helpers.own_file.text_cleaning import cell_text
from helpers.own_file.to_examples import chat_turns, column_examples, column_mapping

FIRST_ROWS = 5
SAMPLE = 300  # records that are looked at before the first is turned into an example

Example = dict[str, Any]

_SUBTITLE = re.compile(r"\d\d:\d\d[:.,\d]* --> \d\d:\d\d")


@dataclass
class Reading:
    """What was found. `examples` comes with the places where they stand."""

    format: str
    sentence: str
    mapping: dict[str, Any]
    examples: list[tuple[str, Example]]
    findings: Findings
    columns: list[str] = field(default_factory=list)
    speakers: list[str] = field(default_factory=list)
    first_rows: list[dict[str, Any]] = field(default_factory=list)


def read_source(source: Source, arguments: Arguments) -> Reading:
    """Raises AmbiguousFile or UnreadableFile, which say what to do."""
    found = reader_of(source)
    if found is None:
        raise UnreadableFile(_why_not_recognised(source))
    findings = Findings()
    contents = found[0].read(source, findings, arguments)
    reading = read_contents(contents, findings, arguments)
    for number, what in source.undecodable.items():
        findings.skip(f"line {number}", f"cannot be decoded: {what}. Give encoding=..., or save the file as UTF-8")
    if not reading.examples:
        raise UnreadableFile(f"{source.name}: {_no_examples(reading)}")
    return reading


def read_contents(contents: Contents, findings: Findings, arguments: Arguments) -> Reading:
    """Raises AmbiguousFile, with the first rows."""
    arguments = contents.arguments or arguments
    records = iter(contents.records)
    sample = list(islice(records, SAMPLE))
    names = column_mapping.columns_of(contents, sample)
    first_rows = [record.values for record in sample[:FIRST_ROWS]]
    reading = Reading(contents.format, contents.sentence, {}, [], findings, names, first_rows=first_rows)
    wanted = _only(chain(sample, records), arguments, names, findings)
    try:
        _make_examples(reading, contents, sample, wanted, arguments)
    except AmbiguousFile as error:
        error.first_rows = first_rows
        raise
    return reading


def _make_examples(
    reading: Reading, contents: Contents, sample: list[Record], records: Iterable[Record], arguments: Arguments
) -> None:
    """By the dialect of the records, as messages of a chat, or by their columns."""
    findings, names = reading.findings, reading.columns
    dialects = Counter(found.name for record in sample if (found := _dialect(record, contents, arguments)))
    if dialects and sum(dialects.values()) * 2 >= len(sample):
        name = dialects.most_common(1)[0][0]
        reading.format = f"{name} ({contents.format})"
        reading.examples = list(_of_dialects(records, sample, arguments, reading, name))
    elif contents.turns or (arguments.question is None and arguments.answer is None and _are_turns(names, contents)):
        made, reading.mapping, reading.speakers = chat_turns.examples(contents, records, names, arguments, findings)
        reading.format = contents.format if contents.turns else f"Messages of a chat ({contents.format})"
        reading.examples = [("", example) for example in made]
    elif sample:
        if arguments.assistants:
            raise AmbiguousFile(
                f"assistant: found records with the parts {listed(names)}, no messages of a chat; "
                "expected question= and answer= instead.",
                columns=names,
            )
        mapping = column_mapping.mapping_of(contents, sample, arguments, findings)
        reading.mapping = mapping.as_dict()
        made = column_examples.examples(contents, records, sample, mapping, findings)
        reading.examples = [("", example) for example in made]


def _are_turns(names: list[str], contents: Contents) -> bool:
    return contents.question is None and chat_turns.are_turns(names) is not None


def _dialect(record: Record, contents: Contents, arguments: Arguments) -> Dialect | None:
    """Where the learner names a question or an answer, the parts of a record are columns."""
    if (
        arguments.question is not None
        or arguments.answer is not None
        or contents.turns
        or contents.question is not None
    ):
        return None
    return dialect_of(record.values)


def _only(records: Iterable[Record], arguments: Arguments, names: list[str], findings: Findings) -> Iterator[Record]:
    wrong = [name for name in arguments.only if name not in names]
    if wrong:
        raise AmbiguousFile(f"only: found the columns {listed(names)}, none named {listed(wrong)}", columns=names)
    for record in records:
        for name, wanted in arguments.only.items():
            allowed = wanted if isinstance(wanted, list | tuple | set) else [wanted]
            value = cell_text(record.values.get(name))
            if value not in {cell_text(each) for each in allowed}:
                findings.skip(record.place, f'left out by only=: "{name}" is "{value}"')
                break
        else:
            yield record


def _of_dialects(
    records: Iterable[Record], sample: list[Record], arguments: Arguments, reading: Reading, usual: str
) -> Iterator[tuple[str, Example]]:
    """The examples of training records. Each may be of another dialect than the others."""
    findings, left_out = reading.findings, Counter[str]()
    marks = separators_of([record.values for record in sample])
    if marks.note:
        findings.note(marks.note)
    others: Counter[str] = Counter()
    systems: Counter[str] = Counter()
    for record in records:
        dialect = dialect_of(record.values)
        if dialect is None:
            keys = listed([str(key) for key in record.values][:6])
            findings.skip(record.place, f"no record of a format that is known; it has {keys}")
            continue
        if dialect.name == usual:
            reading.mapping = {"question": dialect.question, "answer": dialect.answer, "system": arguments.system}
        others[dialect.name] += 1
        keys_left: set[str] = set()
        try:
            example = dialect.read(marks.without(record.values), keys_left)
        except NoMessage as error:
            findings.skip(record.place, str(error), str(next(iter(record.values.values()), "")))
            continue
        left_out.update(keys_left)
        if arguments.system is not None:
            _set_system(example, arguments.system, findings, record.place)
        systems.update(_systems(example))
        yield record.place, example
    if len(others) > 1:
        findings.note("the records are of several kinds: " + ", ".join(f"{n} ({c})" for n, c in others.most_common()))
    if left_out:
        findings.note("the format of training files has no place for these keys, which were left out: " +
                      ", ".join(f"{name} ({count})" for name, count in left_out.most_common()))  # fmt: skip
    if len(systems) > 1:
        shown = ", ".join(
            f"{listed([text[:50]]) if text else 'none'} ({count})" for text, count in systems.most_common(5)
        )
        findings.note(f"the system messages differ: {shown}. To make them alike: system=...")


def _messages(example: Example) -> list[Example]:
    return example["messages"] if "messages" in example else example.get("input", {}).get("messages", [])


def _systems(example: Example) -> list[str]:
    return [str(each.get("content")) for each in _messages(example) if each.get("role") == "system"] or [""]


def _set_system(example: Example, system: str, findings: Findings, place: str) -> None:
    messages = _messages(example)
    if any(each.get("role") == "system" and each.get("content") != system for each in messages):
        findings.note("another system message was replaced by yours", place)
    messages[:] = [{"role": "system", "content": system}, *(each for each in messages if each.get("role") != "system")]


def _no_examples(reading: Reading) -> str:
    skipped = reading.findings.skipped
    why = "; ".join(map(str, skipped[:3])) + (f" and {len(skipped) - 3} more" if len(skipped) > 3 else "")
    return f"recognised as {reading.format}, and found no example in it. {why or 'It holds no records.'}"


def _why_not_recognised(source: Source) -> str:
    lines = [line for _, line in source.head() if line.strip()]
    if not lines:
        return f"{source.name}: found nothing in it; expected questions and answers"
    if any(_SUBTITLE.match(line) for line in lines):
        return (
            f"{source.name}: found subtitles: what is said, and when, but not what is a question and what its answer. "
            'Write "Q: ..." and "A: ..." before what belongs together, or a name and a colon before each speaker.'
        )
    rules = [line.strip() for line in lines if not any(sign.isalnum() for sign in line)]
    if len(rules) > 1:
        return (
            f'{source.name}: found {len(rules) + 1} texts separated by "{rules[0]}", and no questions. Training needs '
            "both: for each text write the question or the instruction to which it is the answer. "
            'Put both into a table with the columns "question" and "answer", and give that.'
        )
    return (
        f"{source.name}: found text in which nothing says what is a question and what is its answer. Write "
        '"Q: ..." and "A: ..." before them, or put them into a table with the columns "question" and "answer".'
    )
