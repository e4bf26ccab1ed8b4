"""How jobs of real training are followed, and what a deleted model frees: with a tiny model or with no training."""

import asyncio
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

import openai
import pytest
from filelock import FileLock

from helpers.course_data.paths import DATA
from helpers.practice import start_server
from helpers.practice.settings import load_settings
from helpers.practice.store import Store
from tests.local_training import (
    add_job,
    add_trained_job,
    events_of,
    needs_local_training,
    tiny_adapter,
    wait_for,
)

pytestmark = [needs_local_training, pytest.mark.usefixtures("tiny_is_offered")]
MANY = 60  # more than the server has threads
WAIT = 60.0  # seconds; on an idle computer it takes a few


@pytest.fixture
def store(home):
    return Store(load_settings(home))


@pytest.fixture
def client(home, store):
    server = start_server(home=home)
    yield openai.OpenAI(base_url=server.base_url, api_key=server.key, max_retries=0)
    server.stop()


@pytest.fixture
def short_patience(monkeypatch):
    """So long a server waits for another one that is starting jobs."""
    from helpers.practice.training import turns

    monkeypatch.setattr(turns, "LOCK_SECONDS", 0.2)


def until(found):
    end = time.monotonic() + WAIT
    while not found():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


def ask(client, model):
    made = client.chat.completions.create(
        model=model, messages=[{"role": "user", "content": "Hello"}], max_tokens=8, temperature=0
    )
    return made.choices[0].message.content


# --- answers of many ------------------------------------------------------------------------------------------------


def test_however_many_wait_for_their_answers_whatever_else_is_asked_goes_on(client, monkeypatch):
    from helpers.practice.training.engine import Trainer

    waiting, free = [], threading.Event()

    @asynccontextmanager
    async def taken(_engine):
        """As if all places were taken by long answers."""
        waiting.append(True)
        while not free.is_set():
            await asyncio.sleep(0.01)
        yield

    monkeypatch.setattr(Trainer, "place_to_answer", taken)
    patient = client.with_options(timeout=WAIT)
    with ThreadPoolExecutor(MANY) as learners:
        answers = [learners.submit(ask, patient, "tiny") for _ in range(MANY)]
        until(lambda: len(waiting) == MANY)
        assert client.with_options(timeout=10).models.list().data and not any(answer.done() for answer in answers)
        free.set()
        assert {answer.result() is not None for answer in answers} == {True}


# --- the queue ----------------------------------------------------------------------------------------------------


def test_a_job_that_is_created_while_another_server_starts_jobs_is_started_later_and_leaves_no_process(
    home, client, short_patience
):
    import psutil

    others = set(psutil.Process().children())
    with FileLock(home / "training.lock"):  # the other server holds it for longer than anybody waits
        file = client.files.create(file=DATA / "mydata.jsonl", purpose="fine-tune")
        method = {"type": "supervised", "supervised": {"hyperparameters": {"n_epochs": 1}}}
        job = client.fine_tuning.jobs.create(model="tiny", training_file=file.id, method=method)
        assert wait_for(client, job.id, "queued")
        time.sleep(1)  # so the follower waits for it as well, in vain
        assert client.fine_tuning.jobs.retrieve(job.id).status == "queued"
    done = wait_for(client, job.id, "succeeded")
    assert ask(client, done.fine_tuned_model) is not None
    until(lambda: others.issuperset(psutil.Process().children()))  # a process that nobody waits for stays as a zombie


def test_a_job_that_is_started_while_the_last_one_is_seen_to_end_is_followed(store, monkeypatch):
    """Its start comes between "all jobs have ended" and the end of the thread that follows them."""
    from helpers.practice.training.computer import Computer
    from helpers.practice.training.engine import Trainer

    monkeypatch.setenv("PRACTICE_LOCAL_JOBS", "0")  # no process is started: it stays queued
    trainer, followed = Trainer(store.settings, store, Computer(store.settings.home)), threading.Event()
    first, second = add_job(store), []

    def look(job):
        if job.id != first.id:
            followed.set()
        elif not second:
            store.settle_job(first.id, {"status": "cancelled", "finished_at": 0, "error": None}, [])
            second.append(add_job(store))
            trainer.start(second[0])
        return trainer.progress(store.job(job.id), time.time())

    trainer.begin(look)
    try:
        assert followed.wait(WAIT)
    finally:  # or it would be started as soon as there are slots again
        for job in second:
            store.settle_job(job.id, {"status": "cancelled", "finished_at": 0, "error": None}, [])


def test_cancelling_stops_the_training_though_another_server_holds_the_lock(home, store, client, short_patience):
    import psutil

    from helpers.practice.training.run_folder import TrainingFiles

    job = add_job(store)
    training = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    try:
        TrainingFiles(home, job.id).write_process(psutil.Process(training.pid))
        with FileLock(home / "training.lock"):
            assert client.fine_tuning.jobs.cancel(job.id).status == "cancelled"
        assert training.wait(WAIT) is not None
    finally:
        training.kill()
        training.wait()


# --- a server that was killed between the store and the process ----------------------------------------------------


def begun_again(store):
    """The engine of the next server."""
    from helpers.practice.training.computer import Computer
    from helpers.practice.training.engine import Trainer

    trainer = Trainer(store.settings, store, Computer(store.settings.home))
    trainer.begin(lambda job: trainer.progress(store.job(job.id), time.time()))
    return trainer


def test_a_job_that_was_cancelled_when_the_server_was_killed_trains_no_more_after_its_next_start(home, store):
    import psutil

    from helpers.practice.training.run_folder import TrainingFiles

    job = add_job(store)
    training = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    try:
        TrainingFiles(home, job.id).write_process(psutil.Process(training.pid))
        store.cancel_job(job.id, time.time())
        begun_again(store)
        assert training.wait(WAIT) is not None
    finally:
        training.kill()
        training.wait()


@pytest.mark.parametrize("asked", ["pause", "resume"])
def test_a_job_that_was_paused_or_resumed_when_the_server_was_killed_is_so_after_its_next_start(
    home, store, monkeypatch, asked
):
    from helpers.practice.training.run_folder import TrainingFiles

    monkeypatch.setenv("PRACTICE_LOCAL_JOBS", "0")  # no process is started: it stays queued
    job = add_job(store)
    files = TrainingFiles(home, job.id)
    store.pause_job(job.id, time.time())
    if asked == "resume":
        files.ask_to_pause(True)
        store.resume_job(job.id, time.time())
    begun_again(store)
    try:
        assert files.pause_is_wanted == (asked == "pause")
    finally:  # or it would be started as soon as there are slots again
        store.settle_job(job.id, {"status": "cancelled", "finished_at": 0, "error": None}, [])


# --- recipes ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("chosen", "said"), [("plain", "Recipe: plain LoRA"), ("", "Recipe: LoRA (rank 32")])
def test_a_job_says_first_which_recipe_it_uses_and_both_train_to_a_model_that_answers(
    client, mattress, monkeypatch, chosen, said
):
    monkeypatch.setenv("PRACTICE_RECIPE", chosen)
    file = client.files.create(file=mattress, purpose="fine-tune")
    method = {"type": "supervised", "supervised": {"hyperparameters": {"n_epochs": 1, "batch_size": 8}}}
    job = client.fine_tuning.jobs.create(model="tiny", training_file=file.id, method=method)
    done = wait_for(client, job.id, "succeeded")
    messages = [event.message for event in events_of(client, job.id)]
    assert messages[messages.index("Fine-tuning job started") + 1].startswith(said)
    assert ask(client, done.fine_tuned_model) is not None and done.trained_tokens > 0


def test_a_recipe_that_nobody_knows_is_refused_when_a_job_is_created(client, mattress, monkeypatch):
    monkeypatch.setenv("PRACTICE_RECIPE", "secret")
    file = client.files.create(file=mattress, purpose="fine-tune")
    with pytest.raises(openai.BadRequestError, match="PRACTICE_RECIPE: found 'secret'; expected one of course, plain"):
        client.fine_tuning.jobs.create(model="tiny", training_file=file.id)


# --- deleted models -----------------------------------------------------------------------------------------------


@pytest.fixture
def trained(home, store, tiny):
    """The names of two checkpoints and of the model of a job, and the folder of each."""
    job = add_trained_job(store)
    names = [each["name"] for each in store.checkpoints(job.id)]
    folders = [home / "training" / job.id / "checkpoints" / f"checkpoint-{step}" for step in (2, 4, 6)]
    for number, folder in enumerate(folders):
        tiny_adapter(tiny, folder, seed=number)
    return dict(zip(names, folders, strict=True))


@pytest.mark.parametrize("number", [0, 2], ids=["a checkpoint", "the model of the last step"])
def test_a_deleted_model_frees_its_folder_and_the_others_answer_as_before(client, trained, number):
    names = list(trained)
    deleted = names.pop(number)
    before = {name: ask(client, name) for name in ["tiny", *names, deleted]}
    assert len(set(before.values())) == 4
    client.models.delete(deleted)
    assert [name for name, folder in trained.items() if folder.exists()] == names
    with pytest.raises(openai.NotFoundError):
        ask(client, deleted)
    assert {name: ask(client, name) for name in ["tiny", *names]} == {name: before[name] for name in ["tiny", *names]}


def test_when_all_models_of_a_job_are_deleted_nothing_of_them_is_left_and_the_job_can_still_be_read(client, trained):
    base = ask(client, "tiny")
    for name in trained:
        ask(client, name)
        client.models.delete(name)
    assert not next(iter(trained.values())).parent.exists()
    assert ask(client, "tiny") == base
    assert [job.status for job in client.fine_tuning.jobs.list()] == ["succeeded"]


def test_a_model_whose_folder_is_gone_already_can_be_deleted(client, trained):
    import shutil

    first, *others = trained
    shutil.rmtree(trained[first])
    assert client.models.delete(first).deleted
    assert all(trained[name].exists() for name in others)
