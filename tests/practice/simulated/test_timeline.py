"""What a simulated job tells: only what is asked for is computed, and what has ended stays as it was."""

from dataclasses import replace

import openai
import pytest

from helpers.practice import start_server
from helpers.practice.job_lifecycle import RESULT_FILE
from helpers.practice.simulated.timeline import Timeline
from helpers.practice.store import Job

MODEL = "gpt-4.1-mini-2025-04-14"
BEGAN = 1_800_000_000.25


def job(examples: int = 2_000, epochs: int = 50, seconds: float = 1_000, **more) -> Job:
    plan = {
        "seconds": seconds, "failure": None, "examples": examples, "tokens": 1, "sha256": "0" * 64, "validation": True,
        "unsafe": False,
        "hyperparameters": {"n_epochs": epochs, "batch_size": 1, "learning_rate_multiplier": 2.0},
    }  # fmt: skip
    values = {
        "id": "ftjob-a", "number": 1, "created_at": BEGAN, "model": MODEL, "engine": "simulator",
        "training_file": "file-a", "validation_file": "file-b", "suffix": None, "seed": 1, "method": {},
        "metadata": None, "plan": plan,
    }  # fmt: skip
    return Job(**{**values, **more})


class Counted:
    """The numbers of the steps, and how often they were asked for."""

    def __init__(self) -> None:
        self.asked = 0

    def at(self, step: int) -> dict[str, float]:
        self.asked += 1
        return {"train_loss": 1 / step, "train_mean_token_accuracy": 0.5, "valid_loss": 1.0}


def counted(timeline: Timeline) -> Counted:
    timeline.curve = Counted()
    return timeline.curve


@pytest.mark.parametrize("share", [0.5, 2.0])
def test_a_job_of_a_hundred_thousand_steps_is_shown_without_computing_them(share):
    timeline = Timeline(job())
    curve = counted(timeline)
    progress = timeline.at(BEGAN + 1_000 * share)
    assert progress.hyperparameters and len(progress.events) > 43_000 and curve.asked <= 3
    assert len(progress.events[-20:]) == 20 and curve.asked <= 23


def test_each_event_is_found_again_by_its_id():
    events = Timeline(job(examples=20, epochs=5, pauses=[[BEGAN + 300, BEGAN + 400], [BEGAN + 700, None]])).at(
        BEGAN + 800
    )
    told = list(events.events)
    assert len({event.id for event in told}) == len(told) > 30
    assert [events.events.position_of(event.id) for event in told] == list(range(len(told)))
    assert [events.events[number] for number in range(len(told))] == told == events.events[:]
    for stranger in ("ftevent-" + "a" * 24, "", "ftevent-", "é" * 32, told[5].id[:-1] + "z"):
        assert stranger == told[5].id or events.events.position_of(stranger) is None


def test_pauses_stand_where_they_happened_and_every_time_is_in_order():
    paused = job(examples=20, epochs=5, pauses=[[BEGAN + 20, BEGAN + 30], [BEGAN + 500, BEGAN + 600]])
    told = list(Timeline(paused).at(BEGAN + 2_000).events)
    assert [event.created_at for event in told] == sorted(event.created_at for event in told)
    messages = [event.message for event in told]
    assert messages.index("The job has been paused") == 2 and messages[-1] == "The job has successfully completed"
    assert sum(message.startswith("Step ") for message in messages) == 100
    assert sum(message.startswith("Checkpoint created") for message in messages) == 2
    for moment in range(0, 1_200, 7):  # what was told once stays told
        earlier = list(Timeline(paused).at(BEGAN + moment).events)
        pauses_so_far = [event for event in told if event.created_at <= BEGAN + moment]
        assert earlier == told[: len(earlier)] and len(earlier) <= len(pauses_so_far)


@pytest.mark.parametrize("back", [1, 3_600, 10**9])
def test_what_has_ended_stays_ended_when_the_clock_is_set_back(back):
    for open_job, status in ((job(seconds=10), "succeeded"), (job(seconds=10, cancelled_at=BEGAN + 5), "cancelled")):
        before = Timeline(open_job).at(BEGAN + 11)
        assert before.status == status
        ended = replace(open_job, outcome={"status": status, "finished_at": before.finished_at, "error": None})
        after = Timeline(ended).at(BEGAN + 11 - back)
        assert list(after.events) == list(before.events) and after.fine_tuned_model == before.fine_tuned_model
        assert (after.status, after.finished_at, after.checkpoints) == (
            before.status,
            before.finished_at,
            before.checkpoints,
        )


@pytest.mark.parametrize("status", ["succeeded", "failed"])
def test_a_job_of_the_server_that_ended_stays_ended_when_the_clock_is_set_back(home, mattress, clock, status):
    server = start_server(home=home, job_seconds=100)
    client = openai.OpenAI(base_url=server.base_url, api_key=server.key, max_retries=0)
    content = mattress.read_bytes() if status == "succeeded" else mattress.read_bytes().splitlines(keepends=True)[0]
    file = client.files.create(file=("a.jsonl", content), purpose="fine-tune").id
    job_id = client.fine_tuning.jobs.create(model=MODEL, training_file=file).id
    clock.now += 101
    before, told = client.fine_tuning.jobs.retrieve(job_id), list(client.fine_tuning.jobs.list_events(job_id))
    assert before.status == status
    for back in (1, 50, 3_600):
        clock.now -= back
        assert client.fine_tuning.jobs.retrieve(job_id) == before
        assert list(client.fine_tuning.jobs.list_events(job_id)) == told
    server.stop()


def test_pages_of_many_events_have_no_gaps_and_the_result_file_has_every_step(client):
    line = b'{"messages": [{"role": "user", "content": "Q"}, {"role": "assistant", "content": "A"}]}\n'
    file = client.files.create(file=("a.jsonl", line * 200), purpose="fine-tune").id
    method = {"type": "supervised", "supervised": {"hyperparameters": {"n_epochs": 20, "batch_size": 1}}}
    job_id = client.fine_tuning.jobs.create(model=MODEL, training_file=file, method=method).id
    result = client.fine_tuning.jobs.retrieve(job_id)
    assert client.files.retrieve(result.result_files[0]).filename == RESULT_FILE
    told = list(client.fine_tuning.jobs.list_events(job_id, limit=100))
    assert [event.data["step"] for event in told if event.type == "metrics"] == list(range(4_000, 0, -1))
    with pytest.raises(openai.BadRequestError, match="no object with id 'ftevent-nobody'"):
        client.fine_tuning.jobs.list_events(job_id, after="ftevent-nobody")


def test_the_result_file_of_a_job_that_could_never_end_has_rows_that_somebody_can_read():
    """A file of 512 MB with examples of a hundred bytes, in batches of one, for fifty epochs."""
    progress = Timeline(job(examples=5_000_000)).at(BEGAN + 2_000)
    rows = progress.csv().splitlines()[1:]
    assert len(rows) <= 100_001 and rows[-1].startswith("250000000,") and len(set(rows)) == len(rows)


def test_the_result_file_has_every_step_of_a_job_that_people_start():
    steps = [int(row.split(",")[0]) for row in Timeline(job()).at(BEGAN + 2_000).csv().splitlines()[1:]]
    assert steps == list(range(1, 100_001))
