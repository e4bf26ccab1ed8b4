"""What OpenAI says when it refuses a training file, worded from the same rules that the learner's check uses.

The wordings are those seen on the real API. It names the first problem only, and so does this module. Where
nobody has seen the wording, the frame is the real one and the reason is ours: place, found, expected.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from helpers.training_file.rules import MIN_EXAMPLES, Kind, Problem, check_line, kind_of, parse_line, whole_file

TRAINING_FRAME = "The job failed due to an invalid training file. "
FORMAT_FRAME = "The job failed due to a file format error in the training file. Invalid file format. "
UNEXPECTED = "Unexpected file format, expected either prompt/completion pairs or chat messages."
FORMAT_NAMES: dict[Kind, str] = {"chat": "fine-tune-chat", "dpo": "preference"}
NO_OBJECT = ("not_json", "not_an_object", "not_utf8", "json_as_text", "comma_after_line")
_MESSAGE = re.compile(r"^messages\[(\d+)\]")


@dataclass(frozen=True)
class JobError:
    """The `error` of a failed job."""

    code: str
    message: str
    param: str


def not_a_dictionary(raw: bytes, line: int) -> str | None:
    """What an upload is refused with if this line is no JSON object, else None. Nothing more is checked."""
    example, _ = parse_line(raw, line)
    if example is not None:
        return None
    start = raw[:3].decode("utf-8", "replace")
    return (
        "Expected file to have JSONL format, where every line is a valid JSON dictionary. "
        f'Line {line} is not a dictionary (HINT: line starts with: "{start}...").'
    )


def first_error(lines: Iterable[bytes], param: str = "training_file") -> JobError | None:
    """What a job fails with because of its file; None if the file is in order. Leave out blank lines.

    A validation file (`param="validation_file"`) may be short: nobody has confirmed a smallest number for it.
    """
    count, kinds = 0, set()
    for raw in lines:
        count += 1
        example, problems = check_line(raw, count)
        errors = [problem for problem in problems if problem.severity == "error"]
        if errors:
            return _worded(errors[0], count, param)
        kinds.add(kind_of(example))
    codes = {problem.code for problem in whole_file(count, kinds)}
    if "mixed_kinds" in codes:
        return JobError("invalid_training_file", TRAINING_FRAME + UNEXPECTED, param)
    if "too_few" in codes and param == "training_file":
        message = f"Training file has {count} example(s), but must have at least {MIN_EXAMPLES} examples"
        return JobError("invalid_n_examples", message, param)
    return None


def wrong_method(file_id: str, kind: Kind, method: str, param: str = "training_file") -> JobError | None:
    """The error of a job whose method does not fit its file's format.

    Args:
        file_id: The file.
        kind: What its first example is.
        method: The method that the job asks for.
        param: The parameter of the job that names the file.

    Returns:
        The error; None if the method fits.
    """
    fitting = {"chat": "supervised", "dpo": "dpo"}.get(kind)
    if fitting is None or method == fitting:
        return None
    message = (
        f"{TRAINING_FRAME}Input file {file_id} is in the {FORMAT_NAMES[kind]} format, but the specified "
        f"fine-tuning job is not using '{fitting}' as the training method (provided method={method})."
    )
    return JobError("invalid_training_file", message, param)


def _worded(problem: Problem, example: int, param: str) -> JobError:
    place = f"Example {example}"
    if problem.code == "extra_key":
        key = problem.where.rpartition(".")[2]
        return JobError("invalid_file_format", f'{FORMAT_FRAME}{place} contains an extra "{key}".', param)
    if problem.code in ("missing_messages", "old_format"):
        return JobError("invalid_file_format", f"{FORMAT_FRAME}{place} is missing key 'messages'.", param)
    if problem.code in NO_OBJECT:
        return JobError("invalid_training_file", TRAINING_FRAME + UNEXPECTED, param)
    if message := _MESSAGE.match(problem.where):
        place += f", message {int(message[1]) + 1}"
    if problem.code == "special_token":
        token = problem.found.rpartition(" ")[2]
        message = f"{TRAINING_FRAME}Invalid file format. {place} contains an invalid token: {token}"
        return JobError("invalid_training_file", message, param)
    if problem.code == "missing_role":
        reason = f"{place} Discriminator 'role' is missing in value"
    else:
        reason = f"{place}: {problem.where}: found {problem.found}; expected {problem.expected}"
    return JobError("invalid_training_file", f"{TRAINING_FRAME}Invalid file format. {reason}", param)
