"""/v1/fine_tuning/jobs of the practice server, through the real client: the life of a job as at OpenAI."""

import base64
import json
import re
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Barrier
from types import SimpleNamespace

import openai
import pytest
from openai.types.fine_tuning import FineTuningJob, FineTuningJobEvent
from openai.types.fine_tuning.jobs import FineTuningJobCheckpoint

from helpers.course_data.paths import DATA
from helpers.practice import start_server
from helpers.practice.settings import load_settings
from helpers.practice.store import Store
from helpers.tokens import count_tokens

MATTRESS, VALIDATION = DATA / "mydata.jsonl", DATA / "validation.jsonl"
EXAMPLES = [json.loads(line) for line in MATTRESS.read_text(encoding="utf-8").splitlines()]
MODEL = "gpt-4.1-mini-2025-04-14"


def upload(client: openai.OpenAI, content: bytes | Path) -> str:
    file = ("mine.jsonl", content) if isinstance(content, bytes) else content
    return client.files.create(file=file, purpose="fine-tune").id


def as_file(examples: list[dict]) -> bytes:
    return "\n".join(map(json.dumps, examples)).encode()


def start(client: openai.OpenAI, content: bytes | Path = MATTRESS, **more) -> FineTuningJob:
    return client.fine_tuning.jobs.create(training_file=upload(client, content), model=MODEL, **more)


def finished(client: openai.OpenAI, content: bytes | Path = MATTRESS, **more) -> FineTuningJob:
    return client.fine_tuning.jobs.retrieve(start(client, content, **more).id)


def events(client: openai.OpenAI, job_id: str) -> list[FineTuningJobEvent]:
    """All of them, oldest first."""
    return list(client.fine_tuning.jobs.list_events(job_id))[::-1]


def supervised(**hyperparameters) -> dict:
    return {"type": "supervised", "supervised": {"hyperparameters": hyperparameters}}


def refused(client: openai.OpenAI, **more) -> openai.BadRequestError:
    with pytest.raises(openai.BadRequestError) as caught:
        client.fine_tuning.jobs.create(**{"training_file": upload(client, MATTRESS), "model": MODEL, **more})
    return caught.value


@contextmanager
def serving(home: Path, job_seconds: float) -> Iterator[openai.OpenAI]:
    running = start_server(home=home, job_seconds=job_seconds)
    try:
        yield openai.OpenAI(base_url=running.base_url, api_key=running.key, max_retries=0)
    finally:
        running.stop()


@pytest.fixture
def clock(monkeypatch) -> SimpleNamespace:
    """The clock of the practice server, to be turned by hand."""
    hand = SimpleNamespace(now=1_800_000_000.0)
    for module in ("api.jobs", "job_lifecycle"):
        monkeypatch.setattr(f"helpers.practice.{module}.time", SimpleNamespace(time=lambda: hand.now))
    return hand


# --- from beginning to end


def test_a_new_job_is_being_validated_and_its_settings_are_still_auto(client):
    job = start(client)
    assert re.fullmatch(r"ftjob-\w{24}", job.id) and job.status == "validating_files"
    assert job.hyperparameters.n_epochs == job.method.supervised.hyperparameters.n_epochs == "auto"
    assert job.fine_tuned_model is job.finished_at is job.trained_tokens is None and job.result_files == []


def test_a_job_ends_with_a_model_numbers_and_a_result_file(client):
    job = finished(client)
    assert job.status == "succeeded" and job.error is None
    assert re.fullmatch(rf"ft:{MODEL}:personal::\w{{8}}", job.fine_tuned_model)
    assert job.hyperparameters.n_epochs == job.method.supervised.hyperparameters.n_epochs == 6
    assert job.hyperparameters.batch_size == 1
    assert job.trained_tokens == count_tokens(EXAMPLES, MODEL).billable * 6
    assert job.finished_at >= job.created_at and len(job.result_files) == 1
    assert job.fine_tuned_model in [model.id for model in client.models.list()]


def test_answers_have_the_fields_of_the_sdk_and_no_others(client):
    jobs = client.fine_tuning.jobs
    job_id = start(client).id
    assert set(jobs.with_raw_response.retrieve(job_id).http_response.json()) == set(FineTuningJob.model_fields)
    [event, *_] = jobs.with_raw_response.list_events(job_id).http_response.json()["data"]
    assert set(event) == set(FineTuningJobEvent.model_fields)
    [checkpoint, *_] = jobs.checkpoints.with_raw_response.list(job_id).http_response.json()["data"]
    assert set(checkpoint) == set(FineTuningJobCheckpoint.model_fields)


def test_events_tell_the_story_in_the_real_words(client):
    job = finished(client, validation_file=upload(client, VALIDATION))
    told = [event.message for event in events(client, job.id) if event.type == "message"]
    checkpoints = [message for message in told if message.startswith("Checkpoint created at step")]
    assert [message for message in told if message not in checkpoints] == [
        f"Created fine-tuning job: {job.id}",
        f"Validating training file: {job.training_file} and validation file: {job.validation_file}",
        "Files validated, moving job to queued state",
        "Fine-tuning job started",
        f"New fine-tuned model created: {job.fine_tuned_model}",
        "The job has successfully completed",
    ]
    assert all(re.search(r"at step \d+ with Snapshot ID: ft:.*:ckpt-step-\d+$", each) for each in checkpoints)


def test_metrics_come_with_every_step_and_full_ones_at_the_end_of_an_epoch(client):
    job = finished(client, validation_file=upload(client, VALIDATION), method=supervised(n_epochs=2))
    measured = [event for event in events(client, job.id) if event.type == "metrics"]
    assert [event.data["step"] for event in measured] == list(range(1, 31))
    assert all(event.data["total_steps"] == 30 for event in measured)
    first = measured[0]
    assert {"train_loss", "train_mean_token_accuracy", "valid_loss", "valid_mean_token_accuracy"} <= set(first.data)
    assert re.fullmatch(r"Step 1/30: training loss=\d+\.\d\d, validation loss=\d+\.\d\d", first.message)
    ends = [event.data["step"] for event in measured if "full_valid_loss" in event.data]
    assert ends == [15, 30]


def test_without_a_validation_file_nothing_is_said_about_validation(client):
    measured = [event for event in events(client, start(client).id) if event.type == "metrics"]
    assert not any("valid" in json.dumps(event.data) + event.message for event in measured)


def test_events_come_newest_first_in_pages_without_gaps_or_duplicates(client):
    job_id = start(client).id
    page = client.fine_tuning.jobs.list_events(job_id)
    assert len(page.data) == 20 and page.has_more
    assert page.data[0].message == "The job has successfully completed"
    all_of_them = list(page)
    assert len({event.id for event in all_of_them}) == len(all_of_them) > 90
    assert [e.created_at for e in all_of_them] == sorted((e.created_at for e in all_of_them), reverse=True)
    assert list(client.fine_tuning.jobs.list_events(job_id, limit=7)) == all_of_them


def test_the_last_three_epochs_are_kept_as_checkpoints(client):
    job = finished(client)
    kept = list(client.fine_tuning.jobs.checkpoints.list(job.id))
    assert [each.step_number for each in kept] == [90, 75, 60]
    assert kept[0].fine_tuned_model_checkpoint == job.fine_tuned_model
    for each in kept[1:]:
        assert each.fine_tuned_model_checkpoint.endswith(f":ckpt-step-{each.step_number}")
    assert all(each.fine_tuning_job_id == job.id and each.metrics.train_loss > 0 for each in kept)


def test_the_result_file_is_a_base64_table_of_the_steps(client):
    job = finished(client, validation_file=upload(client, VALIDATION))
    file = client.files.retrieve(job.result_files[0])
    assert (file.purpose, file.filename) == ("fine-tune-results", "step_metrics.csv")
    table = base64.b64decode(client.files.content(file.id).read(), validate=True).decode().splitlines()
    assert table[0] == "step,train_loss,train_accuracy,valid_loss,valid_mean_token_accuracy"
    assert len(table) == 91 and table[-1].startswith("90,")


def test_the_loss_falls_and_with_many_epochs_validation_turns_up(client):
    job = finished(client, validation_file=upload(client, VALIDATION), method=supervised(n_epochs=25))
    measured = [event.data for event in events(client, job.id) if event.type == "metrics"]
    train = [data["train_loss"] for data in measured]
    valid = [data["valid_loss"] for data in measured]
    assert train[-1] < train[0] / 5
    assert valid[-1] > min(valid) * 1.3 and valid.index(min(valid)) < len(valid) / 2


def test_the_same_file_seed_and_settings_give_the_same_numbers(tmp_path):
    def curve(home: str, seed: int) -> list[dict]:
        with serving(tmp_path / home, 0) as client:
            return [event.data for event in events(client, start(client, seed=seed).id) if event.type == "metrics"]

    assert curve("a", 7) == curve("b", 7) != curve("c", 8)


# --- what is asked for is honoured


def test_suffix_seed_metadata_and_settings_are_honoured(client):
    settings = supervised(n_epochs=2, batch_size=5, learning_rate_multiplier=0.5)
    job = finished(client, suffix="My Shop!", seed=7, metadata={"class": "a"}, method=settings)
    assert re.fullmatch(rf"ft:{MODEL}:personal:my-shop-:\w{{8}}", job.fine_tuned_model)
    assert job.seed == 7 and job.metadata == {"class": "a"}
    assert job.method.supervised.hyperparameters.to_dict() == settings["supervised"]["hyperparameters"]
    assert len([event for event in events(client, job.id) if event.type == "metrics"]) == 6


def test_the_older_way_to_name_settings_works(client):
    assert finished(client, hyperparameters={"n_epochs": 3}).hyperparameters.n_epochs == 3


@pytest.mark.parametrize(
    ("more", "param"),
    [
        ({"suffix": ""}, "suffix"),
        ({"suffix": "x" * 65}, "suffix"),
        ({"seed": -1}, "seed"),
        ({"metadata": {str(n): "x" for n in range(17)}}, "metadata"),
        ({"metadata": {"k": "x" * 513}}, "metadata"),
        ({"method": supervised(n_epochs=51)}, "method.supervised.hyperparameters.n_epochs"),
        ({"method": supervised(n_epochs=0)}, "method.supervised.hyperparameters.n_epochs"),
        ({"method": supervised(batch_size=257)}, "method.supervised.hyperparameters.batch_size"),
        ({"method": supervised(learning_rate_multiplier=0)}, "method.supervised.hyperparameters.learning"),
        ({"training_file": "file-nobody"}, "training_file"),
        ({"validation_file": "file-nobody"}, "validation_file"),
        ({"extra_body": {"epochs": 3}}, "epochs"),
    ],
)
def test_what_is_out_of_bounds_is_refused_with_the_name_of_the_field(client, more, param):
    assert refused(client, **more).param.startswith(param)
    assert client.fine_tuning.jobs.list().data == []


@pytest.mark.parametrize("model", ["gpt-3.5-turbo-0613", "gpt-6-luna", "gpt-5", "ft:gpt-4.1:nobody::abc"])
def test_a_model_that_cannot_be_tuned_is_refused_in_the_real_words(client, model):
    error = refused(client, model=model)
    assert error.code == "model_not_available"
    assert error.body["message"] == f"Model {model} is not available for fine-tuning or does not exist."


@pytest.mark.parametrize("kind", ["dpo", "reinforcement"])
def test_a_method_that_is_not_there_yet_says_so(client, kind):
    assert f"'{kind}' is not offered" in refused(client, method={"type": kind}).body["message"]


def test_a_file_with_another_purpose_cannot_be_trained_on(client):
    other = client.files.create(file=("a.jsonl", MATTRESS.read_bytes()), purpose="user_data").id
    assert refused(client, training_file=other).param == "training_file"


# --- what can go wrong with the file


BAD = {
    "too few": (
        EXAMPLES[:7],
        "invalid_n_examples",
        "Training file has 7 example(s), but must have at least 10 examples",
    ),
    "no role": (
        [*EXAMPLES[:11], {"messages": [{"role": "user", "content": "a"}, {"content": "b"}]}],
        "invalid_training_file",
        "The job failed due to an invalid training file. Invalid file format. "
        "Example 12, message 2 Discriminator 'role' is missing in value",
    ),
    "extra weight": (
        [{"messages": [{"role": "user", "content": "a", "weight": 1}, {"role": "assistant", "content": "b"}]}] * 10,
        "invalid_file_format",
        "The job failed due to a file format error in the training file. "
        'Invalid file format. Example 1 contains an extra "weight".',
    ),
    "pairs": (
        [{"prompt": "a", "completion": "b"}] * 10,
        "invalid_file_format",
        "The job failed due to a file format error in the training file. "
        "Invalid file format. Example 1 is missing key 'messages'.",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_a_job_with_a_bad_file_fails_in_the_real_words(client, name):
    examples, code, message = BAD[name]
    job = finished(client, as_file(examples))
    assert job.status == "failed"
    assert (job.error.code, job.error.message, job.error.param) == (code, message, "training_file")
    assert job.fine_tuned_model is None and job.result_files == [] and job.trained_tokens is None
    assert events(client, job.id)[-1].level == "error"
    assert not any(model.id.startswith("ft:") for model in client.models.list())


def test_a_preference_file_does_not_fit_supervised_training(client):
    preference = {
        "input": {"messages": [{"role": "user", "content": "a"}]},
        "preferred_output": [{"role": "assistant", "content": "b"}],
        "non_preferred_output": [{"role": "assistant", "content": "c"}],
    }
    error = finished(client, as_file([preference] * 10)).error
    assert error.code == "invalid_training_file" and "(provided method=supervised)" in error.message


def test_a_bad_validation_file_fails_the_job_and_is_named(client):
    error = finished(client, validation_file=upload(client, b'{"messages": []}')).error
    assert error.param == "validation_file" and "Example 1" in error.message


def test_a_validation_file_may_be_short(client):
    assert finished(client, validation_file=upload(client, VALIDATION)).status == "succeeded"


# --- a job that takes its time


def test_a_job_goes_through_its_statuses_and_what_was_told_once_stays_told(tmp_path, clock):
    statuses, told = [], []
    with serving(tmp_path / "home", 100) as client:
        job_id = start(client).id
        for _ in range(51):
            job = client.fine_tuning.jobs.retrieve(job_id)
            statuses.append(job.status)
            now = events(client, job_id)
            assert now[: len(told)] == told  # events are added, never changed
            told = now
            if job.status == "running":
                assert job.hyperparameters.n_epochs == 6
                assert job.estimated_finish == pytest.approx(job.created_at + 100, abs=1)
            clock.now += 2
    assert list(dict.fromkeys(statuses)) == ["validating_files", "queued", "running", "succeeded"]
    assert statuses.index("succeeded") == 50
    assert len(told) > 90 and told[-1].message == "The job has successfully completed"


def test_a_job_goes_on_while_no_server_runs(tmp_path, clock):
    with serving(tmp_path / "home", 100) as client:
        job_id = start(client).id
        clock.now += 50
        assert client.fine_tuning.jobs.retrieve(job_id).status == "running"
        before = events(client, job_id)
    clock.now += 60
    with serving(tmp_path / "home", 5_000) as client:  # its length was settled when it was made
        job = client.fine_tuning.jobs.retrieve(job_id)
        assert job.status == "succeeded" and job.finished_at == job.created_at + 100
        assert events(client, job_id)[: len(before)] == before


def test_a_cancelled_job_stops_and_makes_no_model(tmp_path):
    with serving(tmp_path / "home", 1_000) as client:
        job = client.fine_tuning.jobs.cancel(start(client).id)
        assert job.status == "cancelled" and job.finished_at is not None and job.error is None
        assert client.fine_tuning.jobs.retrieve(job.id).status == "cancelled"
        assert not any(model.id.startswith("ft:") for model in client.models.list())
        for call in (client.fine_tuning.jobs.cancel, client.fine_tuning.jobs.pause):
            with pytest.raises(openai.BadRequestError, match="already 'cancelled'"):
                call(job.id)


def test_a_finished_job_cannot_be_cancelled(client):
    with pytest.raises(openai.BadRequestError, match="already 'succeeded'"):
        client.fine_tuning.jobs.cancel(start(client).id)


def test_a_paused_job_waits_and_goes_on_where_it_was(tmp_path, clock):
    with serving(tmp_path / "home", 100) as client:
        jobs, job_id = client.fine_tuning.jobs, start(client).id
        clock.now += 50
        assert jobs.pause(job_id).status == "paused"
        told = events(client, job_id)
        clock.now += 1_000
        assert jobs.retrieve(job_id).status == "paused" and events(client, job_id) == told
        with pytest.raises(openai.BadRequestError, match="paused already"):
            jobs.pause(job_id)
        assert jobs.resume(job_id).status == "running"
        with pytest.raises(openai.BadRequestError, match="not paused"):
            jobs.resume(job_id)
        clock.now += 49
        assert jobs.retrieve(job_id).status == "running"
        clock.now += 2
        assert jobs.retrieve(job_id).status == "succeeded"
        assert events(client, job_id)[: len(told)] == told


def test_a_paused_job_can_be_cancelled(tmp_path, clock):
    with serving(tmp_path / "home", 100) as client:
        job_id = start(client).id
        clock.now += 50
        client.fine_tuning.jobs.pause(job_id)
        clock.now += 50
        assert client.fine_tuning.jobs.cancel(job_id).status == "cancelled"


def test_of_many_who_pause_or_resume_a_job_at_once_on_two_servers_one_is_accepted(tmp_path):
    with serving(tmp_path / "home", 10_000) as one, serving(tmp_path / "home", 10_000) as two:
        job_id, clients = start(one).id, [one, two] * 4
        together = Barrier(len(clients))

        def accepts(client: openai.OpenAI, verb: str) -> bool:
            together.wait()
            try:
                getattr(client.fine_tuning.jobs, verb)(job_id)
            except openai.BadRequestError:
                return False
            return True

        with ThreadPoolExecutor(len(clients)) as pool:
            for verb in ("pause", "resume") * 15:
                assert sum(pool.map(lambda client, verb=verb: accepts(client, verb), clients)) == 1
        told = Counter(event.message for event in events(two, job_id))
    assert told["The job has been paused"] == told["The job has been resumed"] == 15


def test_who_cancels_a_job_second_is_told_and_changes_nothing(tmp_path, clock):
    with serving(tmp_path / "home", 100) as client:
        job_id = start(client).id
        clock.now += 10
        store = Store(load_settings(tmp_path / "home"))
        ended = client.fine_tuning.jobs.cancel(job_id).finished_at
        clock.now += 10
        assert not store.cancel_job(job_id, clock.now), "by a server that looked before the other one wrote"
        store.close()
        assert client.fine_tuning.jobs.retrieve(job_id).finished_at == ended


def test_a_file_that_is_deleted_does_not_hurt_the_job_that_uses_it(client):
    job = finished(client)
    client.files.delete(job.training_file)
    said = client.chat.completions.create(
        model=job.fine_tuned_model, messages=[{"role": "user", "content": "How long is the warranty?"}]
    )
    assert "10-year" in said.choices[0].message.content


# --- lists


def test_jobs_are_listed_newest_first_in_pages_and_by_metadata(client):
    file = upload(client, MATTRESS)
    made = [
        client.fine_tuning.jobs.create(training_file=file, model=MODEL, metadata={"class": "ab"[n % 2]}).id
        for n in range(5)
    ]
    assert [job.id for job in client.fine_tuning.jobs.list(limit=2)] == made[::-1]
    assert [job.id for job in client.fine_tuning.jobs.list(metadata={"class": "b"})] == [made[3], made[1]]


def test_metadata_is_compared_as_it_was_written_page_by_page(client):
    file = upload(client, MATTRESS)
    odd = {'a "quoted" key.with[signs]': "练习 %_'", "class": "a"}
    written = [odd, None, odd, {"class": "a"}, {}, odd]
    made = [client.fine_tuning.jobs.create(training_file=file, model=MODEL, metadata=each).id for each in written]
    found = client.fine_tuning.jobs.list(metadata=odd, limit=2)
    assert found.has_more and [job.id for job in found] == [made[5], made[2], made[0]]
    for wanted in ({"class": "%"}, {"class": "A"}, {**odd, "class": "b"}, {str(n): "x" for n in range(40)}):
        assert client.fine_tuning.jobs.list(metadata=wanted).data == []
    nothing = client.fine_tuning.jobs.list(extra_query={"metadata": "null"})
    assert [job.id for job in nothing] == [made[4], made[1]]


def test_a_cursor_that_is_no_job_is_an_error(client):
    with pytest.raises(openai.BadRequestError) as caught:
        client.fine_tuning.jobs.list(after="ftjob-nobody")
    assert caught.value.param == "after"


def test_a_job_that_is_not_there_is_not_found(client):
    jobs = client.fine_tuning.jobs
    for call in (
        jobs.retrieve,
        jobs.cancel,
        jobs.pause,
        jobs.resume,
        jobs.list_events,
        jobs.checkpoints.list,
    ):
        with pytest.raises(openai.NotFoundError, match="ftjob-nobody"):
            call("ftjob-nobody")
