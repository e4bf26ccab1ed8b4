"""02.1: upload ten examples and say which file it is. The check asks a practice server on this computer."""

import json
from typing import Any

import openai
from openai import OpenAI

from helpers.exercises import attempt as read
from helpers.exercises.definition import Exercise, Mistake, NotYet
from helpers.exercises.shop import mattress
from helpers.hosts import rehearse

WANTED = 10
STARTS = {"ftjob-": "a job", "ft:": "a model"}


def material() -> OpenAI:
    """A client of a practice server that is only for exercises and planted faults."""
    return rehearse()


def judge(given: Any) -> str:
    id = read.text(given, 'the id of a file, such as "file-..."').strip()
    for start, kind in STARTS.items():
        if id.startswith(start):
            raise NotYet(f"That is the id of {kind}. A file's begins with file-.")
    if not id.startswith("file-"):
        raise NotYet(f"Found {read.named(id)}; expected the id that the upload returned. It begins with file-.")
    try:
        client = rehearse()
        purpose = {file.id: file.purpose for file in client.files.list()}.get(id)
        if purpose is None:
            raise NotYet(
                "This practice server has no such file. Did you upload it with `practice`, the client of this exercise?"
            )
        if purpose != "fine-tune":
            raise NotYet(
                f'The file is there, with purpose="{purpose}". A job takes only files with purpose="fine-tune".'
            )
        content = client.files.content(id).text
    except openai.OpenAIError as error:
        raise NotYet(f"The practice server was asked for the file and answered: {error}") from error
    return _judge_lines([json.loads(line) for line in content.split("\n") if line.strip()])


def _judge_lines(examples: list[Any]) -> str:
    if len(examples) < WANTED:
        raise NotYet(f"The file is there and has {len(examples)} lines. A job would refuse fewer than ten.")
    if len(examples) > WANTED:
        raise NotYet(f"The file is there and has {len(examples)} lines; the task was the first ten.")
    if examples != mattress()[:WANTED]:
        raise NotYet("The file is there, with ten lines, and they are not the first ten of mydata.jsonl.")
    return "The file is on the host, and its id is all that the next step needs."


def uploaded(first: int, last: int, purpose: str = "fine-tune") -> str:
    """The id of an upload of some lines of the file of the course."""
    lines = "".join(json.dumps(example, ensure_ascii=False) + "\n" for example in mattress()[first:last])
    return rehearse().files.create(file=("some.jsonl", lines.encode()), purpose=purpose).id


EXERCISE = Exercise(
    title="Upload ten lines",
    task="""Upload the first ten lines of `../data/mydata.jsonl`, not all fifteen, to a practice server that is
only for exercises. Its client is `practice`, in the next cell. `file=("ten.jsonl", content)` takes bytes in
place of a file. The attempt is the id of your file.""",
    judge=judge,
    mistakes=[
        Mistake(lambda: uploaded(0, 15), "15 lines; the task was"),
        Mistake(lambda: uploaded(0, 9), "9 lines. A job would refuse"),
        Mistake(lambda: uploaded(5, 15), "not the first ten"),
        Mistake(lambda: uploaded(0, 10, "user_data"), 'purpose="user_data"'),
        Mistake("file-QEKKqe3ce87GwoYDJhgwuX", "has no such file"),
        Mistake("ftjob-07nvgvWtvgFDQ1tqWFu5UXQQ", "the id of a job"),
        Mistake("ten.jsonl", "expected the id that the upload returned"),
    ],
    hints=(
        'Read the lines with `open("../data/mydata.jsonl", "rb").readlines()` and take the first ten.',
        '`practice.files.create(file=("ten.jsonl", b"".join(lines[:10])), purpose="fine-tune").id`',
    ),
    solution="""from helpers import exercise

practice = exercise("02.1").material()
with open("../data/mydata.jsonl", "rb") as file:
    lines = file.readlines()
attempt = practice.files.create(file=("ten.jsonl", b"".join(lines[:10])), purpose="fine-tune").id""",
    starter='practice = exercise("02.1").material()\nattempt = ...',
    material=material,
)
