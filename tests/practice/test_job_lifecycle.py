"""What is kept of a job that has ended, and that jobs of the past cost nothing."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import openai
import pytest

from helpers.practice import start_server
from helpers.practice.settings import load_settings
from helpers.practice.store import Job, Store
from tests.local_training import needs_local_training

MODEL = "gpt-4.1-mini-2025-04-14"
WARRANTY = [{"role": "user", "content": "How long is the warranty?"}]


def start(client: openai.OpenAI, file_id: str, **more) -> str:
    return client.fine_tuning.jobs.create(model=MODEL, training_file=file_id, **more).id


def damage(home: Path, job_id: str) -> None:
    """Nobody can read this job any more: one column is no JSON."""
    with closing(sqlite3.connect(home / "practice.sqlite")) as db, db:
        db.execute("UPDATE job SET plan = '{' WHERE id = ?", (job_id,))


# --- jobs that have ended ---------------------------------------------------------------------------------------------


def test_an_ended_job_is_not_read_to_ask_a_model_or_to_list_models_and_the_newest_job(client, home, mattress):
    file = client.files.create(file=mattress, purpose="fine-tune")
    old = start(client, file.id)
    client.fine_tuning.jobs.retrieve(old)
    damage(home, old)
    new = client.fine_tuning.jobs.retrieve(start(client, file.id))
    said = client.chat.completions.create(model=new.fine_tuned_model, messages=WARRANTY)
    assert "10-year" in said.choices[0].message.content
    assert new.fine_tuned_model in [model.id for model in client.models.list()]
    assert [job.id for job in client.fine_tuning.jobs.list(limit=1).data] == [new.id]
    assert client.files.delete(client.files.create(file=mattress, purpose="fine-tune").id).deleted


def test_a_home_of_an_earlier_version_goes_on_working_and_gets_the_indexes(home, mattress):
    first = start_server(home=home, job_seconds=0)
    client = openai.OpenAI(base_url=first.base_url, api_key=first.key, max_retries=0)
    job = start(client, client.files.create(file=mattress, purpose="fine-tune").id)
    model = client.fine_tuning.jobs.retrieve(job).fine_tuned_model
    first.stop()
    with closing(sqlite3.connect(home / "practice.sqlite")) as db, db:
        for name in indexes(home):
            db.execute(f"DROP INDEX {name}")
    assert indexes(home) == set()
    second = start_server(home=home, job_seconds=0)
    client = openai.OpenAI(base_url=second.base_url, api_key=second.key, max_retries=0)
    assert client.models.retrieve(model).id == model and client.fine_tuning.jobs.list().data[0].id == job
    second.stop()
    assert {"job_number", "job_open"} <= indexes(home)


def indexes(home: Path) -> set[str]:
    """Those that the course has made; SQLite's own have no statement."""
    with closing(sqlite3.connect(home / "practice.sqlite")) as db:
        return {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'index' AND sql NOT NULL")}


# --- jobs that really trained -----------------------------------------------------------------------------------------


@pytest.fixture
def training(home: Path, monkeypatch) -> Iterator[openai.OpenAI]:
    """A server with real training, for a base model that is only a name."""
    monkeypatch.setenv("PRACTICE_LOCAL_MODELS", "tiny=/nowhere")
    server = start_server(home=home, job_seconds=0)
    yield openai.OpenAI(base_url=server.base_url, api_key=server.key, max_retries=0)
    server.stop()


def ended_training(home: Path, ending: dict) -> Job:
    """A job whose process has just ended, as it leaves it."""
    from helpers.practice.training.run_folder import TrainingFiles

    store = Store(load_settings(home, job_seconds=0))
    hyperparameters = {"n_epochs": 3, "batch_size": 2, "learning_rate_multiplier": 1.0}
    job = store.add_job(
        created_at=1_800_000_000.0,
        model="tiny",
        engine="local",
        training_file="file-of-somebody",
        validation_file=None,
        suffix=None,
        seed=1,
        method={"type": "supervised", "supervised": {"hyperparameters": hyperparameters}},
        metadata=None,
        plan={"failure": None, "hyperparameters": hyperparameters, "unsafe": False},
    )
    store.close()
    TrainingFiles(home, job.id).write_ending(ending)
    return job


SUCCEEDED = {"status": "succeeded", "finished_at": 1_800_000_060, "trained_tokens": 4321, "step": 9}


@needs_local_training
def test_a_job_that_succeeded_keeps_its_numbers_when_its_folder_is_gone(training, home):
    job = ended_training(home, SUCCEEDED)
    before = training.fine_tuning.jobs.retrieve(job.id)
    assert (before.status, before.trained_tokens) == ("succeeded", 4321)
    shutil.rmtree(home / "training" / job.id)
    assert training.fine_tuning.jobs.retrieve(job.id) == before
    assert training.fine_tuning.jobs.list().data == [before]


@needs_local_training
def test_an_ended_job_of_an_earlier_version_is_shown_when_its_folder_is_gone(training, home):
    job = ended_training(home, SUCCEEDED)
    store = Store(load_settings(home, job_seconds=0))
    store.settle_job(job.id, {"status": "succeeded", "finished_at": SUCCEEDED["finished_at"], "error": None}, [])
    store.close()
    assert training.fine_tuning.jobs.retrieve(job.id).trained_tokens == 4321
    shutil.rmtree(home / "training" / job.id)
    listed = training.fine_tuning.jobs.list().data
    assert [(each.status, each.trained_tokens) for each in listed] == [("succeeded", None)]


@needs_local_training
def test_a_model_whose_folder_is_gone_is_a_404_that_says_so(training, home):
    job = ended_training(home, SUCCEEDED)
    model = training.fine_tuning.jobs.retrieve(job.id).fine_tuned_model
    root = str(training.base_url).removesuffix("/v1/")
    for call in (
        lambda: training.chat.completions.create(model=model, messages=WARRANTY),
        lambda: training.responses.create(model=model, input="How long is the warranty?"),
        lambda: training.get(f"{root}/practice/models/{model}/folders", cast_to=object),
    ):
        with pytest.raises(openai.NotFoundError, match="folder of this model is gone from the practice home") as caught:
            call()
        assert set(caught.value.body) == {"message", "type", "param", "code"}
        assert caught.value.response.headers["x-should-retry"] == "false"


@needs_local_training
def test_a_base_model_that_is_not_there_is_a_503_that_says_what_to_do(training, home, monkeypatch):
    job = ended_training(home, SUCCEEDED)
    model = training.fine_tuning.jobs.retrieve(job.id).fine_tuned_model
    (home / "training" / job.id / "checkpoints" / "checkpoint-9").mkdir(parents=True)
    monkeypatch.setenv("PRACTICE_LOCAL_MODELS", "other=/nowhere")
    root = str(training.base_url).removesuffix("/v1/")
    for call in (
        lambda: training.chat.completions.create(model=model, messages=WARRANTY),
        lambda: training.get(f"{root}/practice/models/{model}/folders", cast_to=object),
    ):
        with pytest.raises(openai.InternalServerError, match="a new one named in PRACTICE_LOCAL_MODELS") as caught:
            call()
        assert caught.value.status_code == 503 and set(caught.value.body) == {"message", "type", "param", "code"}
        assert caught.value.response.headers["x-should-retry"] == "false"


@needs_local_training
@pytest.mark.parametrize(("name", "value"), [("PRACTICE_LOCAL_JOBS", "many"), ("PRACTICE_ACCELERATE", "--cpu 'half")])
def test_a_setting_of_real_training_that_cannot_be_is_told_when_the_server_starts(home, monkeypatch, name, value):
    monkeypatch.setenv("PRACTICE_LOCAL_MODELS", "tiny=/nowhere")
    monkeypatch.setenv(name, value)
    with pytest.raises(ValueError, match=name):
        start_server(home=home)
