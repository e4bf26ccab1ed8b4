"""What the tests of real training share: whether it is installed, and how to wait for a job."""

import time
from pathlib import Path
from types import SimpleNamespace

import openai
import pytest

from helpers.practice.engine import FINAL
from helpers.practice.engine_registry import local_training_is_installed
from helpers.practice.job_wording import checkpoint_name, model_name
from helpers.practice.store import Job, Store

MODEL = "smollm2-135m-instruct"
SYSTEM = "You are the sales assistant of CloudRest, a mattress shop. Answer in one or two friendly, factual sentences."
WAIT_SECONDS = 300

needs_local_training = pytest.mark.skipif(
    not local_training_is_installed(), reason="requirements-local.txt is not installed: python course.py test --local"
)


def wait_for(client: openai.OpenAI, job_id: str, *statuses: str, seconds: float = WAIT_SECONDS):
    """The job, as soon as it has one of these statuses (by default: a final one)."""
    wanted, end = statuses or FINAL, time.monotonic() + seconds
    while True:
        job = client.fine_tuning.jobs.retrieve(job_id)
        if job.status in wanted:
            return job
        assert job.status not in FINAL, f"the job ended as {job.status}: {job.error}"
        assert time.monotonic() < end, f"still {job.status} after {seconds} s"
        time.sleep(0.2)


def wait_for_step(client: openai.OpenAI, job_id: str, step: int) -> None:
    """Until that training step is reported."""
    end = time.monotonic() + WAIT_SECONDS
    while not any(number >= step for number in steps_of(client, job_id)):
        assert time.monotonic() < end, f"step {step} was not reached"
        assert client.fine_tuning.jobs.retrieve(job_id).status not in FINAL
        time.sleep(0.1)


def steps_of(client: openai.OpenAI, job_id: str) -> list[int]:
    """The numbers of the reported steps, oldest first."""
    return [event.data["step"] for event in events_of(client, job_id) if event.type == "metrics"]


def events_of(client: openai.OpenAI, job_id: str) -> list:
    return list(client.fine_tuning.jobs.list_events(job_id, limit=100))[::-1]


def answer(client: openai.OpenAI, model: str, question: str, **more) -> str:
    messages = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": question}]
    completion = client.chat.completions.create(model=model, messages=messages, temperature=0, **more)
    return completion.choices[0].message.content


def trainer_for(
    source: str, examples: list[dict], output: Path, seed: int = 1, epochs: int = 1, recipe: str = "course"
):
    """A trainer before its first step, with all examples in one batch.

    Args:
        source: the folder of the base model.
        examples: the training file.
        output: the folder for the checkpoints.
        seed: the seed of the job.
        epochs: how many steps it will take.
        recipe: the name of the recipe, "course" or "plain".
    """
    from helpers.practice.training.recipe import make_trainer

    settings = {"n_epochs": epochs, "batch_size": len(examples), "learning_rate_multiplier": 1.0}
    job = SimpleNamespace(
        method={"type": "supervised"}, plan={"hyperparameters": settings, "recipe": recipe}, seed=seed
    )
    return make_trainer(job, source, examples, None, output).trainer


def tiny_model(folder: Path, layers: int = 3) -> str:
    """Make a small random model with the real tokenizer; returns its folder."""
    from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

    from helpers.practice.training.base_model import gguf_file

    tokenizer = AutoTokenizer.from_pretrained(gguf_file().parent, gguf_file=gguf_file().name)
    size = {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": layers, "num_attention_heads": 4}
    config = LlamaConfig(**size, num_key_value_heads=2, vocab_size=len(tokenizer), eos_token_id=2)
    tokenizer.save_pretrained(folder)
    LlamaForCausalLM(config).save_pretrained(folder)
    return str(folder)


def tiny_adapter(source: str, folder: Path, seed: int = 1) -> Path:
    """Make an adapter with random weights, which changes what the model answers."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    model = get_peft_model(
        AutoModelForCausalLM.from_pretrained(source),
        LoraConfig(r=4, target_modules="all-linear", task_type="CAUSAL_LM"),
    )
    generator = torch.Generator().manual_seed(seed)
    for name, weight in model.named_parameters():
        if "lora" in name:
            weight.data = torch.randn(weight.shape, generator=generator)
    model.save_pretrained(folder)
    return folder


def add_job(store: Store, model: str = "tiny", *, files: tuple[str, str | None] = ("file-training", None)) -> Job:
    """A job of real training in the store: five epochs in batches of two. Nobody has started it."""
    settings = {"n_epochs": 5, "batch_size": 2, "learning_rate_multiplier": 1.0}
    return store.add_job(
        created_at=time.time(),
        model=model,
        engine="local",
        training_file=files[0],
        validation_file=files[1],
        suffix=None,
        seed=1,
        method={"type": "supervised", "supervised": {"hyperparameters": settings}},
        metadata=None,
        plan={"hyperparameters": settings, "failure": None, "unsafe": False},
    )


def add_trained_job(store: Store, model: str = "tiny", *, settled: bool = True) -> Job:
    """A job as if its training had ended at step 6. Not settled: its process has ended, and nobody has looked since."""
    import psutil

    from helpers.practice.training.run_folder import TrainingFiles

    job = add_job(store, model)
    files = TrainingFiles(store.settings.home, job.id)
    files.write_process(psutil.Process())
    files.write_ending({"status": "succeeded", "finished_at": int(time.time()), "trained_tokens": 100, "step": 6})
    for step in (2, 4, 6):
        store.add_checkpoint(job.id, step, model_name(job) if step == 6 else checkpoint_name(job, step), {})
    if settled:
        outcome = {"status": "succeeded", "finished_at": int(time.time()), "error": None, "trained_tokens": 100}
        models = [(each["name"], model, each["step"]) for each in store.checkpoints(job.id)[:-1]]
        store.settle_job(job.id, outcome, [*models, (model_name(job), model, None)])
    return store.job(job.id)
