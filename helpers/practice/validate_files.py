"""Reading a job's file: is it fit for training, how many examples, how many tokens."""

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial

from helpers.connection.catalogue import base_model
from helpers.practice.store import Store, StoredFile
from helpers.practice.training_file_errors import first_error, wrong_method
from helpers.tokens import count_example, counter_of
from helpers.training_file.jsonl import read_lines
from helpers.training_file.rules import kind_of

BETWEEN_LOOKS = 1_000  # lines
Lines = Callable[[StoredFile], Iterator[bytes]]
METHOD_OF_KIND = {"chat": "supervised", "dpo": "dpo"}


@dataclass(frozen=True)
class TrainingData:
    """What a job needs to know of its file. `tokens` are billable tokens of one epoch; `failure` is None for a
    good file."""

    examples: int
    tokens: int
    sha256: str
    failure: dict[str, str | None] | None


def read_training_data(
    store: Store,
    training: StoredFile,
    validation: StoredFile | None,
    method: str,
    model: str,
    go_on: Callable[[], None] = lambda: None,
) -> TrainingData:
    """Go through the training file and the validation file, a line at a time.

    Args:
        store: Where the files are.
        training: The training file.
        validation: The validation file, if the job has one.
        method: The method of the job: "supervised" or "dpo".
        model: The base model, whose tokens are counted.
        go_on: Called now and then; it raises an error to stop the reading.

    Returns:
        The number of examples and tokens, or the reason why the job fails.

    Raises:
        FilesGone: The content of a file was deleted by hand.
    """
    lines = partial(_lines, store, go_on=go_on)
    failure = _failure(lines, training, method, "training_file")
    if failure is None and validation is not None:
        failure = _failure(lines, validation, method, "validation_file")
    if failure is not None:
        return TrainingData(0, 0, training.sha256, failure)
    limit = base_model(model).training_tokens_per_example
    examples, tokens, counter = 0, 0, counter_of(model)
    for line in lines(training):
        count = count_example(json.loads(line), model, counter)
        examples += 1
        tokens += min(count, limit) if limit else count
    return TrainingData(examples, tokens, training.sha256, None)


def _failure(lines: Lines, file: StoredFile, method: str, param: str) -> dict[str, str | None] | None:
    kind = _kind(lines(file))
    if kind in METHOD_OF_KIND and METHOD_OF_KIND[kind] != method:
        error = wrong_method(file.id, kind, method)
    else:
        error = first_error(lines(file), param=param)
    return asdict(error) if error else None


def _lines(store: Store, file: StoredFile, go_on: Callable[[], None]) -> Iterator[bytes]:
    for number, (_, line) in enumerate(read_lines(store.content_of(file.id), decode=False)):
        if number % BETWEEN_LOOKS == 0:
            go_on()
        yield line


def _kind(lines: Iterator[bytes]) -> str:
    """The kind of the first example; every other line is compared with the rules later."""
    for line in lines:
        return kind_of(json.loads(line))
    return "unknown"
