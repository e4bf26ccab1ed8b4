"""02.2: which mistake is refused at the upload, which by the job, and which by nobody."""

import json

from helpers.exercises.kinds import Case, choose
from helpers.exercises.shop import mattress

UPLOAD, JOB, NOBODY = "the upload", "the job", "nobody"


def _lines(examples: list[dict]) -> bytes:
    return "".join(json.dumps(example) + "\n" for example in examples).encode()


def _with_role(role: str) -> bytes:
    return _lines(mattress()).replace(b'"role": "assistant"', f'"role": "{role}"'.encode(), 1)


# By the letter of the case; a test gives them to a practice server.
FILES = {
    "a": b"question;answer\nHow firm is it?;Medium.\n" * 6,
    "b": _lines(mattress()[:7]),
    "c": _with_role("bot"),
    "d": _lines([*mattress(), *mattress()[:2]]),
    "e": json.dumps(mattress(), indent=2).encode(),
}

EXERCISE = choose(
    title="Who refuses it?",
    task="Five files are uploaded and given to a job. Who refuses each first?",
    cases={
        "a": Case(
            "a spreadsheet: `question;answer` on each line",
            UPLOAD,
            {
                JOB: "It does not get that far: the upload looks whether each line is JSON, and this is not.",
                NOBODY: "Each line must be a JSON object of its own. The upload looks at just that.",
            },
        ),
        "b": Case(
            "seven sound examples",
            JOB,
            {
                UPLOAD: "The upload does not count. Seven lines of JSON are fine for it.",
                NOBODY: "The job counts, and wants ten.",
            },
        ),
        "c": Case(
            "fifteen examples, one with the role `bot`",
            JOB,
            {
                UPLOAD: "It is JSON, so it is uploaded. Roles are read later.",
                NOBODY: "The job knows the roles that there are, and bot is none.",
            },
        ),
        "d": Case(
            "seventeen examples, two of them twice",
            NOBODY,
            {
                UPLOAD: "Nothing is wrong with the lines. Only `check` warns that two stand twice.",
                JOB: "A job trains on duplicates without a word, and you pay for them. Only `check` warns.",
            },
        ),
        "e": Case(
            "one JSON list of fifteen examples, spread over many lines",
            UPLOAD,
            {
                JOB: "It is JSON as a whole and not line by line: the first line is only a bracket, and is refused.",
                NOBODY: "JSON Lines wants one object per line. The first line here is only a bracket.",
            },
        ),
    },
    after="The upload looks for JSON, the job for the format, and nobody for sense. That is what `check` is for.",
    hints=(
        "The upload asks one thing only: is each line JSON?",
        "Two are refused at the upload, two by the job, and one by nobody.",
    ),
)
