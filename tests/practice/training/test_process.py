"""What the process that trains does: it pauses, resumes, and says what it had to cut. Run here, on a tiny model."""

import json

import pytest

from helpers.course_data.paths import DATA
from helpers.practice.settings import load_settings
from helpers.practice.store import Store
from helpers.practice.training.run_folder import TrainingFiles
from tests.local_training import add_job, needs_local_training

pytestmark = [needs_local_training, pytest.mark.usefixtures("tiny_is_offered")]
STEPS = [2, 4, 6, 8, 10]  # the last one of each epoch


class PauseAfter(TrainingFiles):
    """The folder of a run in which a pause is asked for during one step; the trainer looks once in each."""

    def __init__(self, home, job_id, step):
        super().__init__(home, job_id)
        self._steps_to_go = step

    @property
    def pause_is_wanted(self):
        self._steps_to_go -= 1
        return self._steps_to_go == 0


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return Store(load_settings(tmp_path_factory.mktemp("home"), key="not needed here", job_seconds=1))


@pytest.fixture(scope="module")
def files(store, tmp_path_factory):
    """The ids of a training and a validation file."""

    def add(name, lines):
        path = tmp_path_factory.mktemp("files") / name
        path.write_text("\n".join(lines), encoding="utf-8")
        return store.add_file(path, name, "fine-tune", "").id

    lines = (DATA / "mydata.jsonl").read_text("utf-8").splitlines()
    return add("training.jsonl", lines[:4]), add("validation.jsonl", lines[4:6])


def made(store, job):
    """All that a job has made: the weights of each checkpoint and what was reported of each step."""
    from safetensors.torch import load_file

    files = TrainingFiles(store.settings.home, job.id)
    weights = {
        each["step"]: load_file(files.adapter(each["step"]) / "adapter_model.safetensors")
        for each in store.checkpoints(job.id)[-3:]
    }
    return weights, [event["data"] for event in store.events(job.id) if event["type"] == "metrics"]


@pytest.fixture(scope="module")
def uninterrupted(tiny, store, files):
    from helpers.practice.training.process import train

    job = add_job(store, files=files)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PRACTICE_LOCAL_MODELS", f"tiny={tiny}")
        assert (
            train(job, store, TrainingFiles(store.settings.home, job.id), store.settings.home)["status"] == "succeeded"
        )
    return job


@pytest.mark.parametrize("pause", [7, 6], ids=["in the middle of an epoch", "at the end of an epoch"])
def test_a_training_that_was_paused_makes_the_same_models_as_one_that_was_not(store, files, uninterrupted, pause):
    import torch

    from helpers.practice.training.process import train

    home, paused = store.settings.home, add_job(store, files=files)
    assert train(paused, store, PauseAfter(home, paused.id, pause), store.settings.home) == {"status": "paused"}
    assert train(paused, store, TrainingFiles(home, paused.id), store.settings.home)["status"] == "succeeded"
    (models, reported), (same_models, same_reported) = made(store, uninterrupted), made(store, paused)
    assert list(models) == list(same_models) == STEPS[-3:]
    torch.testing.assert_close(same_models, models)
    for one, other in zip(reported, same_reported, strict=True):
        assert one == pytest.approx(other, abs=1e-4)
    folders = [TrainingFiles(home, job.id).adapter(STEPS[-1]) for job in (uninterrupted, paused)]
    names = [{path.name for path in folder.iterdir()} for folder in folders]
    assert names[0] == names[1], "what only a resumed training needs is not kept"


def test_examples_beyond_the_limit_are_counted(store, tmp_path):
    from helpers.practice.training.process import train

    long = " ".join(f"word{number}" for number in range(1500))
    example = {"messages": [{"role": "user", "content": "Say much."}, {"role": "assistant", "content": long}]}
    path = tmp_path / "long.jsonl"
    path.write_text("\n".join([json.dumps(example)] * 2), encoding="utf-8")
    job = add_job(store, files=(store.add_file(path, path.name, "fine-tune", "").id, None))
    train(job, store, PauseAfter(store.settings.home, job.id, 1), store.settings.home)
    said = [event["message"] for event in store.events(job.id)]
    assert "2 examples were longer than 2048 tokens and were cut" in said


def test_after_two_pauses_every_listed_checkpoint_is_there(store, files, uninterrupted):
    from helpers.practice.training.process import train

    home, job = store.settings.home, add_job(store, files=files)
    for pause in (7, 2):
        assert train(job, store, PauseAfter(home, job.id, pause), store.settings.home) == {"status": "paused"}
        for each in store.checkpoints(job.id)[-3:]:
            assert TrainingFiles(home, job.id).adapter(each["step"]).is_dir()
    train(job, store, TrainingFiles(home, job.id), store.settings.home)
    left = {path.name for path in TrainingFiles(home, job.id).checkpoints.glob("checkpoint-*")}
    assert left == {f"checkpoint-{step}" for step in STEPS[-3:]}


def test_a_pause_in_the_middle_of_an_epoch_validates_nothing(store, files):
    from helpers.practice.training.process import train

    job = add_job(store, files=files)
    train(job, store, PauseAfter(store.settings.home, job.id, 1), store.settings.home)
    steps = [event["data"] for event in store.events(job.id) if event["type"] == "metrics"]
    assert len(steps) == 1 and "valid_loss" not in steps[0]


def test_a_validation_file_with_nothing_to_learn_is_no_reason_to_fail(store, files, tmp_path):
    from helpers.practice.training.process import train

    lines = (DATA / "mydata.jsonl").read_text("utf-8").splitlines()[:2]
    silent = [line.replace('"role": "assistant"', '"role": "assistant", "weight": 0') for line in lines]
    path = tmp_path / "silent.jsonl"
    path.write_text("\n".join(silent), encoding="utf-8")
    job = add_job(store, files=(files[0], store.add_file(path, path.name, "fine-tune", "").id))
    assert train(job, store, PauseAfter(store.settings.home, job.id, 1), store.settings.home) == {"status": "paused"}


def test_examples_with_nothing_to_learn_are_counted(store, tmp_path):
    from helpers.practice.training.process import train

    lines = (DATA / "mydata.jsonl").read_text("utf-8").splitlines()[:4]
    lines[3] = lines[3].replace('"role": "assistant"', '"role": "assistant", "weight": 0')
    path = tmp_path / "mixed.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    job = add_job(store, files=(store.add_file(path, path.name, "fine-tune", "").id, None))
    train(job, store, PauseAfter(store.settings.home, job.id, 1), store.settings.home)
    assert "1 example has no answer to learn and is left out" in [event["message"] for event in store.events(job.id)]
