"""Large files are validated after their job was created, as on the real API; a stopped server goes on with it."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

import openai
import pytest

from helpers.practice import start_server
from helpers.practice.server import PracticeServer
from helpers.tokens import count_tokens
from tests.waiting import until

MODEL = "gpt-4.1-mini-2025-04-14"
EXAMPLE = {"messages": [{"role": "user", "content": "How long?"}, {"role": "assistant", "content": "Ten years."}]}
MANY = 20_000  # a second or two of reading


def content(examples: int, last: str = "") -> bytes:
    return (json.dumps(EXAMPLE) + "\n").encode() * examples + last.encode()


@contextmanager
def serving(home, seconds: float = 0) -> Iterator[tuple[PracticeServer, openai.OpenAI]]:
    server = start_server(home=home, job_seconds=seconds)
    try:
        yield server, openai.OpenAI(base_url=server.base_url, api_key=server.key, max_retries=0)
    finally:
        server.stop()


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """What counts as large, so that a test need not make large files."""
    monkeypatch.setenv("PRACTICE_LIMIT_VALIDATED_AT_ONCE_BYTES", "2000")


def start(client: openai.OpenAI, data: bytes, **more) -> str:
    file = client.files.create(file=("a.jsonl", data), purpose="fine-tune").id
    return client.fine_tuning.jobs.create(model=MODEL, training_file=file, **more).id


def status(client: openai.OpenAI, job_id: str) -> str:
    return client.fine_tuning.jobs.retrieve(job_id).status


def told(client: openai.OpenAI, job_id: str) -> list:
    return list(client.fine_tuning.jobs.list_events(job_id))[::-1]


def is_waiting(home, job_id: str) -> bool:
    with closing(sqlite3.connect(home / "practice.sqlite")) as db:
        return "waiting" in json.loads(db.execute("SELECT plan FROM job WHERE id = ?", (job_id,)).fetchone()[0])


def test_a_job_with_a_large_file_is_answered_first_and_validated_then(home):
    with serving(home) as (_, client):
        job_id = start(client, content(MANY))
        assert is_waiting(home, job_id)
        job, early = client.fine_tuning.jobs.retrieve(job_id), told(client, job_id)
        assert job.status == "validating_files" and job.hyperparameters.n_epochs == "auto"
        assert [event.message.split(":")[0] for event in early] == [
            "Created fine-tuning job",
            "Validating training file",
        ]
        until(lambda: status(client, job_id) == "succeeded", 60)
        done = client.fine_tuning.jobs.retrieve(job_id)
        assert done.trained_tokens == count_tokens([EXAMPLE], MODEL).billable * MANY * done.hyperparameters.n_epochs
        assert list(client.fine_tuning.jobs.list_events(job_id, limit=1))[-2:] == early[::-1]


def test_a_small_job_does_not_wait_behind_a_large_one_and_others_are_answered(home):
    with serving(home) as (_, client):
        large = start(client, content(MANY))
        small = start(client, content(10))
        assert status(client, small) == "succeeded" and client.models.list().data
        assert is_waiting(home, large)


def test_what_is_wrong_with_a_large_file_is_found(home):
    with serving(home) as (_, client):
        job_id = start(client, content(100, '{"messages": [{"role": "user", "content": "a"}]}\n'))
        until(lambda: status(client, job_id) == "failed")
        failed = client.fine_tuning.jobs.retrieve(job_id)
        assert "Example 101" in failed.error.message and failed.error.param == "training_file"
        assert told(client, job_id)[-1].level == "error"


def test_a_server_that_is_stopped_in_the_middle_goes_on_at_its_next_start(home):
    with serving(home) as (_, client):
        job_id = start(client, content(MANY))
    assert is_waiting(home, job_id)
    with serving(home) as (_, client):
        until(lambda: status(client, job_id) == "succeeded", 60)


def test_of_two_servers_that_validate_one_job_the_first_plans_it(home):
    with serving(home) as (_, client):
        job_id = start(client, content(MANY))
        with serving(home) as (_, other):
            until(lambda: status(client, job_id) == "succeeded", 60)
            assert client.fine_tuning.jobs.retrieve(job_id) == other.fine_tuning.jobs.retrieve(job_id)


def test_a_job_is_cancelled_while_its_file_is_validated_and_stays_so(home):
    with serving(home) as (_, client):
        job_id = start(client, content(MANY))
        assert client.fine_tuning.jobs.cancel(job_id).status == "cancelled"
        next_one = start(client, content(200))
        until(lambda: status(client, next_one) == "succeeded", 60)
        assert status(client, job_id) == "cancelled" and is_waiting(home, job_id)
        assert told(client, job_id)[-1].message == "The job has been cancelled"
        with pytest.raises(openai.BadRequestError, match="already 'cancelled'"):
            client.fine_tuning.jobs.cancel(job_id)


def test_a_job_is_paused_while_its_file_is_validated_and_goes_on_when_it_is_resumed(home):
    with serving(home, 0.2) as (_, client):
        job_id = start(client, content(MANY))
        assert client.fine_tuning.jobs.pause(job_id).status == "paused"
        until(lambda: not is_waiting(home, job_id), 60)
        assert status(client, job_id) == "paused"
        client.fine_tuning.jobs.resume(job_id)
        until(lambda: status(client, job_id) == "succeeded")


def test_a_file_that_is_deleted_meanwhile_is_still_trained_on(home):
    with serving(home) as (_, client):
        job_id = start(client, content(MANY))
        client.files.delete(client.fine_tuning.jobs.retrieve(job_id).training_file)
        until(lambda: status(client, job_id) == "succeeded", 60)


def test_a_file_whose_content_was_deleted_by_hand_fails_its_job_with_a_sentence_and_holds_up_no_other(home):
    with serving(home) as (_, client):
        first = start(client, content(MANY))
        second = start(client, content(200))
        (home / "files" / client.fine_tuning.jobs.retrieve(second).training_file).unlink()
        third = start(client, content(200))
        client.fine_tuning.jobs.cancel(first)
        until(lambda: status(client, third) == "succeeded", 60)
        assert "content of this file is gone" in client.fine_tuning.jobs.retrieve(second).error.message
        assert told(client, second)[-1].level == "error"
