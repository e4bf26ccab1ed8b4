"""What one learner may keep, so that the disk is there for all."""

import openai
import pytest

from helpers.practice.room.server import start_room

MODEL = "gpt-4.1-mini-2025-04-14"


@pytest.fixture
def room(tmp_path, monkeypatch):
    monkeypatch.setenv("PRACTICE_LIMIT_LEARNER_BYTES", "5000")  # one file of the course is longer
    running = start_room(["jo", "kim"], tmp_path / "room", job_seconds=0)
    yield running
    running.stop()


def client_of(room, name: str) -> openai.OpenAI:
    return openai.OpenAI(base_url=room.base_url, api_key=room.new_keys[name], max_retries=0)


def upload(client, path) -> str:
    return client.files.create(file=path, purpose="fine-tune").id


def refusal(client, path) -> openai.APIStatusError:
    with pytest.raises(openai.APIStatusError) as caught:
        upload(client, path)
    assert (caught.value.status_code, caught.value.code) == (413, "learner_quota")
    return caught.value


def test_who_has_filled_their_share_is_told_what_to_do_and_nobody_else_is(room, mattress):
    upload(client_of(room, "jo"), mattress)
    assert "files.delete" in str(refusal(client_of(room, "jo"), mattress))
    assert upload(client_of(room, "kim"), mattress)


def test_a_deleted_file_makes_room_for_another(room, mattress):
    client = client_of(room, "jo")
    client.files.delete(upload(client, mattress))
    assert upload(client, mattress)


def test_a_deleted_file_that_a_job_needs_still_takes_its_room(room, mattress):
    client = client_of(room, "jo")
    file = upload(client, mattress)
    client.fine_tuning.jobs.create(model=MODEL, training_file=file)
    client.files.delete(file)
    refusal(client, mattress)
