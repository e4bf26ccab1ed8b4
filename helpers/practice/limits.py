"""The bounds of the practice server: how much a request may send, and how long it may take. Each one is a setting.

A bound is set with an environment variable: PRACTICE_LIMIT_FILE_BYTES for `file_bytes`, and so on.
"""

from dataclasses import dataclass, fields

from helpers.practice.environment import number_from_environment

MIB = 1024 * 1024


@dataclass(frozen=True)
class Limits:
    """What one request may cost. The defaults are OpenAI's where OpenAI publishes one, else what a class can need."""

    header_bytes: int = 64 * 1024  # the first line and all headers of a request
    body_bytes: int = 10_000_000  # a body of JSON
    file_bytes: int = 512 * MIB  # an uploaded file
    form_bytes: int = MIB  # what a form has besides its file
    text_characters: int = 1_000_000  # the messages of a question: a tokenizer must read them before it can refuse them
    refused_bytes: int = 16 * MIB  # of a body that is refused: so much is read and dropped, so that the answer is read
    validated_at_once_bytes: int = MIB  # files of a new job; larger ones are validated when it was answered
    learner_bytes: int = 2_000_000_000  # what one learner of a room may keep in files
    learner_model_bytes: int = 5_000_000_000  # what the jobs of one learner of a room may make: models, result files
    learner_requests: int = 8  # of one learner of a room that are worked on at once; more wait for their turn
    learner_waiting: int = 64  # of one learner of a room, at work or waiting; more are refused
    connections: int = 500  # at the same time
    header_seconds: float = 10  # until all headers of a request are there
    body_seconds: float = 60  # between two pieces of a body
    refused_seconds: float = 5  # as refused_bytes


def load_limits() -> Limits:
    """The bounds as the environment sets them, else the defaults. Raises ValueError for a number that cannot be."""
    return Limits(
        **{
            field.name: number_from_environment(f"PRACTICE_LIMIT_{field.name.upper()}", field.type(field.default))
            for field in fields(Limits)
        }
    )
