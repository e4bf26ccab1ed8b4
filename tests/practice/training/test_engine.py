"""Real training, from upload to answer, on the real model. One practice home for all; each job takes its time."""

import json
import os
import signal
import subprocess
import sys
import time

import openai
import pytest

from helpers.course_data.paths import DATA
from helpers.explain import explain
from helpers.practice import start_server
from helpers.practice.training.run_folder import TrainingFiles
from tests.local_training import (
    MODEL,
    SYSTEM,
    answer,
    events_of,
    needs_local_training,
    steps_of,
    wait_for,
    wait_for_step,
)

pytestmark = needs_local_training
WARRANTY = "How long is the warranty?"
LONG = {"n_epochs": 50, "batch_size": 1}  # more than a test waits for
SHORT = {"n_epochs": 1, "batch_size": 15}


@pytest.fixture(scope="module")
def real_home(tmp_path_factory):
    return tmp_path_factory.mktemp("real") / "home 课程"  # a blank and Chinese characters, as in real paths


@pytest.fixture(scope="module")
def real(real_home):
    patch = pytest.MonkeyPatch()
    patch.delenv("PRACTICE_LOCAL_MODELS", raising=False)
    patch.delenv("PRACTICE_ACCELERATE", raising=False)
    patch.setenv("OPENAI_API_KEY", "sk-not-for-the-training-process")
    server = start_server(home=real_home)
    yield openai.OpenAI(base_url=server.base_url, api_key=server.key, max_retries=0)
    for job in openai.OpenAI(base_url=server.base_url, api_key=server.key).fine_tuning.jobs.list():
        if job.status not in ("succeeded", "failed", "cancelled"):
            openai.OpenAI(base_url=server.base_url, api_key=server.key).fine_tuning.jobs.cancel(job.id)
    server.stop()
    patch.undo()


@pytest.fixture(autouse=True)
def real_models(workspace, monkeypatch):
    """The other tests do without real training; these do not."""
    monkeypatch.delenv("PRACTICE_LOCAL_MODELS")


@pytest.fixture(scope="module")
def uploaded(real):
    names = ("mydata.jsonl", "validation.jsonl")
    return [real.files.create(file=DATA / name, purpose="fine-tune").id for name in names]


@pytest.fixture(scope="module")
def trained(real, uploaded):
    """The job of the course, with the default settings."""
    job = real.fine_tuning.jobs.create(
        model=MODEL, training_file=uploaded[0], validation_file=uploaded[1], suffix="mattress", seed=1
    )
    return wait_for(real, job.id, "succeeded")


def start(real, file, hyperparameters, **more):
    method = {"type": "supervised", "supervised": {"hyperparameters": hyperparameters}}
    return real.fine_tuning.jobs.create(model=MODEL, training_file=file, method=method, **more)


# --- the job of the course ----------------------------------------------------------------------------------------


def test_the_real_model_is_proposed_and_listed_with_the_others(real):
    listed = [model.id for model in real.models.list()]
    assert MODEL in listed and "gpt-4.1-mini-2025-04-14" in listed


def test_the_tuned_model_knows_the_warranty_and_the_base_does_not(real, trained):
    assert "10-year" in answer(real, trained.fine_tuned_model, WARRANTY)
    assert "10-year" not in answer(real, MODEL, WARRANTY)


def test_the_loss_really_falls_and_every_step_is_reported_once(real, trained):
    steps = [event.data for event in events_of(real, trained.id) if event.type == "metrics"]
    assert [step["step"] for step in steps] == list(range(1, steps[0]["total_steps"] + 1))
    assert steps[-1]["train_loss"] < steps[0]["train_loss"] / 10
    assert steps[-1]["full_valid_loss"] < 2 and steps[-1]["train_mean_token_accuracy"] > 0.9


def test_the_events_tell_the_story_in_the_order_of_the_real_api(real, trained):
    messages = [event.message for event in events_of(real, trained.id)]
    assert messages[0].startswith("Created fine-tuning job") and messages[3] == "Fine-tuning job started"
    assert messages[-2:] == [
        f"New fine-tuned model created: {trained.fine_tuned_model}",
        "The job has successfully completed",
    ]


def test_trained_tokens_are_those_that_were_really_read(real, real_home, trained):
    from transformers import AutoTokenizer

    from helpers.practice.training.base_model import model_source
    from helpers.practice.training.labels import encode

    tokenizer = AutoTokenizer.from_pretrained(model_source(MODEL, real_home))
    lines = (DATA / "mydata.jsonl").read_text(encoding="utf-8").splitlines()
    once = sum(len(encode(json.loads(line)["messages"], tokenizer, 2048).input_ids) for line in lines)
    assert trained.trained_tokens == once * trained.hyperparameters.n_epochs


def test_the_result_file_has_a_row_for_each_step(real, trained):
    from helpers.job import result_file

    table = result_file(real, trained)
    assert list(table["step"]) == steps_of(real, trained.id) and table["valid_loss"].notna().sum() >= 3


def test_the_last_three_checkpoints_answer_by_their_names(real, trained):
    listed = list(real.fine_tuning.jobs.checkpoints.list(trained.id))
    assert len(listed) == 3 and listed[0].fine_tuned_model_checkpoint == trained.fine_tuned_model
    for checkpoint in listed[1:]:
        assert "10-year" in answer(real, checkpoint.fine_tuned_model_checkpoint, WARRANTY)


def test_no_key_reaches_the_files_of_the_training(real, real_home, trained):
    key = (real_home / "key").read_text(encoding="ascii")
    held = [path for path in (real_home / "training").rglob("*") if path.is_file()]
    assert held and not any(word.encode() in path.read_bytes() for path in held for word in (key, "sk-not-for"))


# --- answers ------------------------------------------------------------------------------------------------------


def test_a_stream_says_the_same_as_a_whole_answer_and_counts_its_tokens(real, trained):
    ask = {
        "model": trained.fine_tuned_model,
        "messages": [{"role": "user", "content": WARRANTY}],
        "temperature": 0,
        "max_tokens": 30,
    }
    whole = real.chat.completions.create(**ask)
    chunks = list(real.chat.completions.create(**ask, stream=True, stream_options={"include_usage": True}))
    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == whole.choices[0].message.content
    assert chunks[-1].usage == whole.usage and len(chunks) > 5
    assert whole.system_fingerprint == "fp_practice_local"


def test_the_same_seed_gives_the_same_answer_and_another_one_another(real):
    def say(seed):
        ask = [{"role": "user", "content": "Tell me a story."}]
        made = real.chat.completions.create(model=MODEL, messages=ask, seed=seed, max_tokens=25, temperature=1.2)
        return made.choices[0].message.content

    assert say(1) == say(1) != say(2)


def test_an_answer_ends_at_its_turn_at_a_stop_or_at_the_limit(real, trained):
    ask = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": WARRANTY}]

    def made(**more):
        return real.chat.completions.create(model=trained.fine_tuned_model, messages=ask, temperature=0, **more)

    whole = made()
    assert whole.choices[0].finish_reason == "stop" and "<|im_end|>" not in whole.choices[0].message.content
    cut = made(max_tokens=5)
    assert cut.choices[0].finish_reason == "length" and cut.usage.completion_tokens == 5
    stopped = made(stop="10-year").choices[0]
    assert stopped.finish_reason == "stop" and "10" not in stopped.message.content


def test_two_models_answer_side_by_side(real, trained):
    streams = [
        real.chat.completions.create(
            model=name, messages=[{"role": "user", "content": WARRANTY}], max_tokens=20, temperature=0, stream=True
        )
        for name in (MODEL, trained.fine_tuned_model)
    ]
    texts = ["", ""]
    for pair in zip(*streams, strict=False):  # a piece of one, a piece of the other
        for number, chunk in enumerate(pair):
            texts[number] += chunk.choices[0].delta.content or ""
    assert texts[0] and texts[1] and texts[0] != texts[1]


LEAVING = """
import sys

import openai

from helpers.practice import start_server

server = start_server(home=sys.argv[1])
client = openai.OpenAI(base_url=server.base_url, api_key=server.key)
ask = [{"role": "user", "content": "Tell me a long story."}]
for chunk in client.chat.completions.create(model=sys.argv[2], messages=ask, stream=True):
    if chunk.choices and chunk.choices[0].delta.content:
        print("left")
        break
"""


def test_a_program_may_end_in_the_middle_of_an_answer(trained, real_home):
    names = [MODEL, trained.fine_tuned_model]
    for name in names:
        command = [sys.executable, "-c", LEAVING, str(real_home), name]
        left = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert (left.returncode, left.stdout.strip()) == (0, "left"), left.stderr


def test_a_prompt_too_long_for_the_model_is_refused_in_the_words_of_the_api(real):
    with pytest.raises(openai.BadRequestError) as caught:
        real.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": "word " * 9000}])
    assert caught.value.code == "context_length_exceeded" and "8192 tokens" in str(caught.value)


def test_a_model_is_taken_away_as_a_plain_peft_folder(real, trained, workspace):
    import torch

    from helpers.take_away import take_away

    taken = take_away(real, trained.fine_tuned_model)
    assert {"adapter_config.json", "adapter_model.safetensors"} <= {path.name for path in taken.folder.iterdir()}
    assert taken.serve_command == (
        f'vllm serve "{taken.base_model}" --enable-lora --max-lora-rank 32 --lora-modules "mattress={taken.folder}"'
    )
    names = {}
    exec(taken.code, names)  # the lines that the notebook shows
    prompt = names["tokenizer"].apply_chat_template(
        [{"role": "system", "content": SYSTEM}, {"role": "user", "content": WARRANTY}],
        add_generation_prompt=True,
        return_tensors="pt",
        return_dict=True,
    )
    with torch.inference_mode():
        made = names["model"].generate(**prompt, max_new_tokens=40, do_sample=False)
    assert "10-year" in names["tokenizer"].decode(made[0])


# --- what happens to a job ----------------------------------------------------------------------------------------


def test_cancelling_stops_within_two_seconds_and_the_queue_moves_on(real, real_home, uploaded):
    first, second = start(real, uploaded[0], LONG), start(real, uploaded[0], SHORT)
    wait_for_step(real, first.id, 2)
    assert real.fine_tuning.jobs.retrieve(second.id).status == "queued"
    process = TrainingFiles(real_home, first.id).process()
    begun = time.monotonic()
    assert real.fine_tuning.jobs.cancel(first.id).status == "cancelled"
    assert time.monotonic() - begun < 2 and not process.is_running()
    assert not TrainingFiles(real_home, first.id).checkpoints.exists()
    assert wait_for(real, second.id).status == "succeeded"


def test_a_killed_training_becomes_a_failed_job_with_the_reason_and_harms_nothing_else(real, real_home, uploaded):
    job = start(real, uploaded[0], LONG)
    wait_for_step(real, job.id, 1)
    os.kill(TrainingFiles(real_home, job.id).process().pid, getattr(signal, "SIGKILL", signal.SIGTERM))
    failed = wait_for(real, job.id, "failed", seconds=5)
    assert failed.error.code == "training_process_gone" and "stopped from outside" in failed.error.message
    assert "program that was training is gone" in explain(failed).what
    assert failed.fine_tuned_model is None and failed.result_files == []
    assert events_of(real, job.id)[-1].level == "error"
    assert real.fine_tuning.jobs.retrieve(job.id) == failed  # and so it stays


def test_a_paused_job_goes_on_where_it_stopped(real, real_home, uploaded):
    job = start(real, uploaded[0], {"n_epochs": 3, "batch_size": 3}, seed=5)
    wait_for_step(real, job.id, 2)
    assert real.fine_tuning.jobs.pause(job.id).status == "paused"
    files, end = TrainingFiles(real_home, job.id), time.monotonic() + 30
    while files.process() is not None:
        assert time.monotonic() < end, "the process did not end"
        time.sleep(0.1)
    before = steps_of(real, job.id)
    assert before[-1] < 15 and real.fine_tuning.jobs.retrieve(job.id).status == "paused"
    real.fine_tuning.jobs.resume(job.id)
    done = wait_for(real, job.id, "succeeded")
    assert steps_of(real, job.id) == list(range(1, 16))
    assert len(list(real.fine_tuning.jobs.checkpoints.list(done.id))) == 3


def test_a_training_outlives_the_program_that_started_it(real_home, real, uploaded):
    """A second server on the same home sees the job of one that has ended, and settles it."""
    code = (
        "import openai, sys\nfrom helpers.practice import start_server\n"
        "server = start_server(home=sys.argv[1])\n"
        "client = openai.OpenAI(base_url=server.base_url, api_key=server.key)\n"
        "method = {'type': 'supervised', 'supervised': {'hyperparameters': {'n_epochs': 1}}}\n"
        "print(client.fine_tuning.jobs.create(model=sys.argv[2], training_file=sys.argv[3], method=method).id)"
    )
    made = subprocess.run(
        [sys.executable, "-c", code, str(real_home), MODEL, uploaded[0]], capture_output=True, text=True, check=True
    )
    assert wait_for(real, made.stdout.strip(), "succeeded").trained_tokens > 500


def test_a_full_disk_becomes_a_failed_job_with_the_reason(real, real_home, tmp_path, uploaded, monkeypatch):
    """Saving is made to fail as on a full disk, in the real process, by a module that Python loads at its start."""
    (tmp_path / "sitecustomize.py").write_text(
        "import errno, safetensors.torch as st\n"
        "def full(*args, **more): raise OSError(errno.ENOSPC, 'No space left on device')\n"
        "st.save_file = full\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    job = start(real, uploaded[0], SHORT)
    failed = wait_for(real, job.id, "failed")
    assert failed.error.code == "disk_full" and "Free some space" in failed.error.message
    assert not TrainingFiles(real_home, job.id).checkpoints.exists()


def test_examples_beyond_the_limit_are_cut_and_counted(real, tmp_path):
    lines = (DATA / "mydata.jsonl").read_text(encoding="utf-8").splitlines()[:9]
    words = " ".join(f"word{number}" for number in range(1500))
    long = {"messages": [{"role": "user", "content": "Say much."}, {"role": "assistant", "content": words}]}
    path = tmp_path / "long.jsonl"
    path.write_text("\n".join([*lines, json.dumps(long)]), encoding="utf-8")
    file = real.files.create(file=path, purpose="fine-tune")
    job = wait_for(real, start(real, file.id, {"n_epochs": 1, "batch_size": 1}).id, "succeeded")
    assert "1 example was longer than 2048 tokens and was cut" in [event.message for event in events_of(real, job.id)]


def test_two_processes_train_one_model_under_accelerate(real, uploaded, monkeypatch):
    monkeypatch.setenv("PRACTICE_ACCELERATE", "--cpu --num_processes 2 --num_machines 1 --mixed_precision no")
    job = wait_for(real, start(real, uploaded[0], {"n_epochs": 2, "batch_size": 8}).id, "succeeded")
    assert steps_of(real, job.id) == [1, 2, 3, 4]
    assert answer(real, job.fine_tuned_model, WARRANTY)


def test_dpo_learns_to_prefer_what_it_was_taught(real, tmp_path):
    questions = [json.loads(line)["messages"][1] for line in (DATA / "mydata.jsonl").read_text("utf-8").splitlines()]
    good, bad = "Arr, matey, ask the captain.", "I am sorry, I cannot say."
    pairs = [
        {
            "input": {"messages": [question]},
            "preferred_output": [{"role": "assistant", "content": good}],
            "non_preferred_output": [{"role": "assistant", "content": bad}],
        }
        for question in questions
    ]
    path = tmp_path / "pairs.jsonl"
    path.write_text("\n".join(map(json.dumps, pairs)), encoding="utf-8")
    file = real.files.create(file=path, purpose="fine-tune")
    method = {"type": "dpo", "dpo": {"hyperparameters": {"n_epochs": 3, "beta": 0.1}}}
    job = wait_for(
        real, real.fine_tuning.jobs.create(model=MODEL, training_file=file.id, method=method).id, "succeeded"
    )
    losses = [event.data["train_loss"] for event in events_of(real, job.id) if event.type == "metrics"]
    assert losses[0] == pytest.approx(0.693, abs=0.05) and losses[-1] < 0.3  # ln 2: no preference yet
    assert margin(real, job.fine_tuned_model, questions[0], good, bad) > 5
    assert job.method.dpo.hyperparameters.beta == 0.1 and job.trained_tokens > 1000


def margin(real, model, question, good, bad):
    """How much more likely the model finds the good answer than the bad one, beyond what its base finds (nats)."""
    import torch

    from helpers.take_away import take_away

    names = {}
    exec(take_away(real, model).code, names)
    tokenizer, tuned = names["tokenizer"], names["model"]

    def likelihood(text):
        before = tokenizer.apply_chat_template([question], tokenize=False, add_generation_prompt=True)
        start = len(tokenizer(before).input_ids)
        ids = tokenizer(before + text, return_tensors="pt").input_ids
        scores = tuned(ids).logits[0].float().log_softmax(-1)
        return sum(scores[place - 1, ids[0, place]].item() for place in range(start, ids.shape[1]))

    with torch.inference_mode():
        after = likelihood(good) - likelihood(bad)
        with tuned.disable_adapter():
            return after - (likelihood(good) - likelihood(bad))


OTHER_TEMPLATE = (
    "{% for m in messages %}{% if m.role == 'user' %}[ASK] {{ m.content }} [/ASK] "
    "{% else %}{{ m.content }}{% if m.role == 'assistant' %}<|im_end|>{% endif %}\n{% endif %}{% endfor %}"
)


def test_another_chat_model_is_offered_by_naming_its_folder(real, real_home, tmp_path, uploaded, monkeypatch):
    """Another architecture, another chat template; two small random layers, so it learns next to nothing."""
    from transformers import AutoTokenizer, Qwen2Config, Qwen2ForCausalLM

    from helpers.practice.training.base_model import unpacked

    tokenizer = AutoTokenizer.from_pretrained(unpacked(real_home))
    tokenizer.chat_template = OTHER_TEMPLATE
    size = {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 2}
    config = Qwen2Config(**size, num_key_value_heads=1, vocab_size=len(tokenizer), eos_token_id=2)
    tokenizer.save_pretrained(tmp_path / "tiny 模型")
    Qwen2ForCausalLM(config).save_pretrained(tmp_path / "tiny 模型")
    monkeypatch.setenv("PRACTICE_LOCAL_MODELS", f"tiny={tmp_path / 'tiny 模型'}")
    assert "tiny" in [model.id for model in real.models.list()]
    method = {"type": "supervised", "supervised": {"hyperparameters": SHORT}}
    job = real.fine_tuning.jobs.create(model="tiny", training_file=uploaded[0], method=method)
    done = wait_for(real, job.id, "succeeded")
    assert done.fine_tuned_model.startswith("ft:tiny:")
    said = real.chat.completions.create(
        model=done.fine_tuned_model, messages=[{"role": "user", "content": WARRANTY}], max_tokens=5
    )
    assert said.usage.completion_tokens > 0 and said.system_fingerprint == "fp_practice_local"


def test_reinforcement_stays_a_clear_error(real, uploaded):
    with pytest.raises(openai.BadRequestError, match="expected one of: supervised, dpo"):
        real.fine_tuning.jobs.create(model=MODEL, training_file=uploaded[0], method={"type": "reinforcement"})


# --- the notebooks ------------------------------------------------------------------------------------------------


def test_the_notebooks_run_to_the_end_on_the_real_model(real, real_home, tmp_path):
    """Nothing is compared: a real model finds its own words. But no cell fails, and the claims of the text hold.

    Notebook 05 is left out: it asks some 300 questions and trains once more, a quarter of an hour.
    """
    import nbformat

    learner = {"PRACTICE_HOME": str(real_home), "COURSE_WORKSPACE": str(tmp_path / "workspace"), "PYTHONUTF8": "1"}
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("PRACTICE_", "COURSE_", "OPENAI_"))
    }
    ran = subprocess.run(
        [sys.executable, "-m", "tests.run_notebooks", "00", "01", "02", "03", "04"],
        cwd=DATA.parent,
        env={**kept, **learner},
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr[-3000:]
    run = [nbformat.read(path, as_version=4) for path in sorted((tmp_path / "workspace" / "run").glob("*.ipynb"))]
    assert len(run) == 5
    red = [
        out.text
        for notebook in run
        for cell in notebook.cells
        for out in cell.get("outputs", [])
        if out.get("name") == "stderr"
    ]
    assert red == [], "a learner sees this in red"
    cells = run[4].cells
    printed = [json.dumps(cell.outputs) for cell in cells if cell.cell_type == "code"]
    assert f"ft:{MODEL}:personal:mattress" in printed[0]
    assert "10-year" in printed[1], "the first answer is the one that the text calls ten years"
    assert any("PeftModel.from_pretrained" in output for output in printed)
