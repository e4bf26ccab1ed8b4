"""Real training in a room: one computer for all, in turn by learner, and one copy of the base model in memory."""

import openai
import pytest

from helpers.course_data.paths import DATA
from helpers.practice.room.server import start_room
from tests.local_training import answer, events_of, needs_local_training, wait_for

pytestmark = [needs_local_training, pytest.mark.usefixtures("tiny_is_offered")]


@pytest.fixture
def room(tmp_path):
    server = start_room(["Ada", "Chen"], tmp_path / "room", job_seconds=1)  # at 0, both would have the same ids
    yield server
    server.stop()


def start(client):
    file = client.files.create(file=DATA / "mydata.jsonl", purpose="fine-tune")
    method = {"type": "supervised", "supervised": {"hyperparameters": {"n_epochs": 1}}}
    return client.fine_tuning.jobs.create(model="tiny", training_file=file.id, method=method).id


def test_a_learner_who_starts_many_jobs_waits_for_another_who_starts_one(room):
    ada, chen = (
        openai.OpenAI(base_url=room.base_url, api_key=room.new_keys[name], max_retries=0) for name in ("Ada", "Chen")
    )
    first, second, of_chen = start(ada), start(ada), start(chen)
    said = [event.message for event in events_of(chen, of_chen)]
    assert "Waiting for its turn: 1 training comes before it" in " ".join(said)
    jobs = [wait_for(client, job, "succeeded") for client, job in ((ada, first), (chen, of_chen), (ada, second))]
    assert jobs[0].finished_at <= jobs[1].finished_at <= jobs[2].finished_at
    for client, job in ((ada, jobs[0]), (chen, jobs[1])):
        assert answer(client, job.fine_tuned_model, "How long is it?", max_tokens=4) is not None
    with pytest.raises(openai.NotFoundError):
        answer(chen, jobs[0].fine_tuned_model, "How long is it?")
    places = [event.data["place"] for event in events_of(ada, second) if "place" in (event.data or {})]
    assert (places[0], max(places), places[-1]) == (1, 2, 1)  # Chen came later, and goes first
    assert not (room.home / "learners" / "001" / "models").exists()  # weights would be unpacked once, for the room
