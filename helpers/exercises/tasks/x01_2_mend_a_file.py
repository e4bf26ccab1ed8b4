"""01.2: mend a broken file by hand until the check is silent."""

import json
import os
from pathlib import Path
from typing import Any

from helpers.course_data.paths import workspace
from helpers.course_data.safe_writing import written_safely
from helpers.data_format import Report, check, read
from helpers.exercises import attempt as reading
from helpers.exercises.definition import Exercise, Mistake, NotYet, Untouched
from helpers.exercises.shop import mattress, system_message

NAME = "exercises/01.2.jsonl"
LARGEST = 1_000_000  # bytes
MISSING_ANSWER = 3  # index of the example without an answer
FEWEST_WORDS = 4
UNFINISHED = ("...", "todo", "xxx", "answer here")


def whole() -> list[dict[str, Any]]:
    """The twelve examples before they were broken."""
    return mattress()[:12]


def broken() -> bytes:
    """The same with an unknown role, no answer, curly quotation marks, half a weight, and a contradiction."""
    lines = [json.dumps(example, ensure_ascii=False) for example in whole()]
    lines[1] = lines[1].replace('"role": "assistant"', '"role": "bot"')
    lines[MISSING_ANSWER] = json.dumps({"messages": whole()[MISSING_ANSWER]["messages"][:2]})
    lines[5] = lines[5].replace('{"role": "user"', "{“role”: “user”")
    lines[7] = lines[7].replace('{"role": "assistant"', '{"weight": 0.5, "role": "assistant"')
    lines[10] = lines[2].replace("most customers gets better within two weeks", "many customers gets worse")
    return "".join(f"{line}\n" for line in lines).encode("utf-8")


def material() -> Path:
    """The broken file in the learner's workspace. It is written once, and is the learner's from then on."""
    path = workspace() / NAME
    if not path.exists():
        with written_safely(path) as file:
            file.write(broken())
    return path


def judge(given: Any) -> str:
    if isinstance(given, list):
        return _judge_examples(given, check(given))
    named = reading.text(given, "the path of your file, or its examples as a list")
    if named.lstrip().startswith("{"):
        raise NotYet(
            "That is what stands in the file; expected its path, or its examples as a list, as read() gives them."
        )
    places = (Path(named), workspace() / named)
    path = next(filter(os.path.isfile, places), None)  # not Path.is_file(), which raises on a name that is too long
    if path is None:
        raise NotYet(f"There is no file {Path(named).name[:60]!r} here. The one to mend is {NAME} in your workspace.")
    if path.stat().st_size > LARGEST:
        raise NotYet("That file is far larger than the one to mend.")
    try:
        if path.read_bytes() == broken():
            raise Untouched(f"{NAME} is as it was. Open it in JupyterLab, mend it, save it, and run this cell again.")
        report = check(path)
        return _judge_examples(read(path) if report.ok else [], report)
    except OSError as error:
        raise NotYet(f"The file cannot be read: {error.strerror}.") from error


def _judge_examples(examples: list[Any], report: Report) -> str:
    if not report.ok:
        raise NotYet(f"The check is not silent yet.\n{reading.listed(report)}")
    gone = [_question(example) for example in whole() if _question(example) not in map(_question, examples)]
    gone = [question for question in gone if question != _question(whole()[10])]  # its line was overwritten
    strange = [_question(example) for example in examples if _question(example) not in map(_question, whole())]
    if strange:
        raise NotYet(
            f"A question was not in the file: {reading.named(strange[0])}. Is this another file? Mend {NAME}, "
            "and leave its questions as they are."
        )
    if gone:
        raise NotYet(f'You took an example out: "{gone[0]}". The check would be silent, and the fact is lost. Mend it.')
    if report.warnings:
        raise NotYet(
            f"No error is left, but two answers to one question are. Decide for one.\n{reading.listed(report)}"
        )
    systems = {example["messages"][0].get("content") for example in examples}
    if systems != {system_message()}:
        raise NotYet("The system message was changed in all of them. The shop's has to stay.")
    answer = next(example for example in examples if _question(example) == _question(whole()[MISSING_ANSWER]))
    text = str(answer["messages"][-1].get("content"))
    if len(text.split()) < FEWEST_WORDS or text.lower().startswith(UNFINISHED):
        raise NotYet(
            f'The answer to "{_question(answer)}" is only {reading.named(text)}. The model would learn just that.'
        )
    if "worse" in next(
        str(e["messages"][-1].get("content")) for e in examples if _question(e) == _question(whole()[2])
    ):
        raise NotYet(
            "Of the two answers on back pain you kept the one that says it gets worse. Look into mydata.jsonl."
        )
    return f"The check is silent: {report.summary.partition(': ')[2]}. A job would accept this file."


def _question(example: Any) -> str:
    messages = example.get("messages") if isinstance(example, dict) else None
    spoken = [turn.get("content") for turn in messages or [] if isinstance(turn, dict) and turn.get("role") == "user"]
    return spoken[0] if spoken and isinstance(spoken[0], str) else ""


def mended(**changed: Any) -> list[dict[str, Any]]:
    """What a learner's file holds in the end; `changed` replaces answers, by the index of their example."""
    examples = [dict(example) for index, example in enumerate(whole()) if index != 10]
    for index, answer in changed.items():
        messages = examples[int(index.removeprefix("at"))]["messages"]
        examples[int(index.removeprefix("at"))] = {
            "messages": [*messages[:2], {"role": "assistant", "content": answer}]
        }
    return examples


def _only_some_mended() -> list[dict[str, Any]]:
    examples = mended()
    examples[1] = {"messages": [*examples[1]["messages"][:2], {"role": "bot", "content": "It stays cool."}]}
    return examples


EXERCISE = Exercise(
    title="Mend a broken file by hand",
    task=f"""The next cell lays a broken copy of twelve examples into your workspace, as `{NAME}`. Open it in
JupyterLab (on the left; *Open With > Editor*) and mend it by hand until the check is silent: no error, no
warning, and no fact lost. Save it, and run the cell again.""",
    judge=judge,
    mistakes=[
        Mistake(_only_some_mended, 'found "bot"'),
        Mistake(lambda: mended()[:3] + mended()[4:], "You took an example out"),
        Mistake(
            lambda: [*mended(), *mended(at2="The back pain of many gets worse.")[2:3]], "two answers to one question"
        ),
        Mistake(lambda: mended(at3="TODO"), "The model would learn just that"),
        Mistake(lambda: mended(at2="The back pain of many customers gets worse."), "you kept the one that says"),
        Mistake("no_such_file.jsonl", "There is no file"),
        Mistake(mattress, "A question was not in the file"),
        Mistake(lambda: broken().decode(), "That is what stands in the file"),
    ],
    hints=(
        "`check(path)` names the lines. `repair()` could do three of the five; two need you: an answer that is "
        "missing, "
        "and two answers to one question.",
        "Line 4: write what happens at night when a partner moves (`data/mydata.jsonl` has it). Lines 3 and 11 "
        "contradict each other: take out the one that `mydata.jsonl` does not have.",
    ),
    solution="""from helpers import exercise, read

good = read("../data/mydata.jsonl")[:12]
attempt = good[:10] + good[11:]  # by hand: mend lines 2, 4, 6 and 8, and take out line 11""",
    starter='attempt = exercise("01.2").material()',
    material=material,
)
