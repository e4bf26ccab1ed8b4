"""LoRA on a small chat model, with TRL: which settings, and what is added. Read this first.

`PLAIN` is ordinary LoRA, as in TRL's and PEFT's own examples. `COURSE` adds what a handful of examples needs; each
addition is a file in techniques/. PRACTICE_RECIPE=plain or course chooses, when a job is created.

How good and how fast both are: tests/benchmarks/local_quality.py and local_speed.py.
"""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from peft import LoraConfig
from transformers import AutoModelForCausalLM, AutoTokenizer, Trainer
from trl import DPOConfig, DPOTrainer, SFTConfig, SFTTrainer

from helpers.connection.catalogue import LOCAL_TRAINING_TOKENS
from helpers.practice.store import Job
from helpers.practice.training.base_model import attention, device, weights_dtype
from helpers.practice.training.batching import ROUND, count_batches
from helpers.practice.training.labels import encode_all, preferences
from helpers.practice.training.sft_trainer import AnswerLossTrainer
from helpers.practice.training.speed.fused_lora import fuse_lora
from helpers.practice.training.techniques.lora_init import initialise_lora
from helpers.practice.training.techniques.paraphrase import write_paraphrases
from helpers.practice.training.techniques.replay import Replay
from helpers.practice.training.techniques.weight_averaging import WeightAveraging

DPO_LEARNING_RATE = 2e-4
SHORT_TRAINING = 60  # steps; a longer one takes smaller steps, or it forgets more
WARMUP_SHARE = 0.05


@dataclass(frozen=True)
class Recipe:
    """Settings of one training.

    `learning_rate` is for supervised training, times the job's learning_rate_multiplier. `untouched`: the share of the
    layers, the lowest, that get no adapter. `adds`: whether the techniques of the course are used.
    """

    name: str
    learning_rate: float
    lr_scheduler_type: str
    untouched: float
    adds: bool
    rank: int = 32
    alpha: int = 64

    def __str__(self) -> str:
        rate = f"{self.learning_rate:g}"
        if not self.adds:
            return f"plain LoRA (rank {self.rank}, learning rate {rate}), nothing added"
        return (
            f"LoRA (rank {self.rank}, learning rate {rate}). Added by this course: paraphrases, replay, an "
            "initialisation from the examples, weight averaging, and more weight on the first tokens of an answer"
        )


PLAIN = Recipe("plain", learning_rate=1e-3, lr_scheduler_type="linear", untouched=0.0, adds=False)
COURSE = Recipe("course", learning_rate=1.75e-3, lr_scheduler_type="constant_with_warmup", untouched=0.2, adds=True)
RECIPES = {recipe.name: recipe for recipe in (PLAIN, COURSE)}


def make_trainer(
    job: Job, source: str, training: list[dict[str, Any]], validation: list[dict[str, Any]] | None, output: Path
) -> tuple[Trainer, int]:
    """TRL's trainer for a job, ready to train.

    Args:
        job: says how: its method, its seed, and the hyperparameters of its plan.
        source: what Transformers loads as the base model, a folder or the id of a model hub.
        training: the examples of the training file.
        validation: those of the validation file; None: nothing is validated.
        output: the folder for the checkpoints.

    Returns:
        The trainer, and how many training examples were cut at the limit.

    Raises:
        ValueError: no example has an answer to learn.
    """
    tokenizer = AutoTokenizer.from_pretrained(source)
    model = AutoModelForCausalLM.from_pretrained(source, dtype=weights_dtype(), attn_implementation=attention())
    kind, recipe = job.method["type"], recipe_of(job)
    common = {
        "model": model,
        "processing_class": tokenizer,
        "peft_config": LoraConfig(
            r=recipe.rank,
            lora_alpha=recipe.alpha,
            target_modules="all-linear",
            exclude_modules=_lowest(recipe.untouched, model.config.get_text_config().num_hidden_layers),
            task_type="CAUSAL_LM",
        ),
    }
    settings = _arguments(job, output, len(training), evaluate=validation is not None)
    if kind == "dpo":
        beta = job.plan["hyperparameters"]["beta"]
        arguments = DPOConfig(**settings, beta=beta, max_length=LOCAL_TRAINING_TOKENS)
        sets = [Dataset.from_list(preferences(rows)) if rows else None for rows in (training, validation)]
        return DPOTrainer(args=arguments, train_dataset=sets[0], eval_dataset=sets[1], **common), 0
    encoded = [encode_all(rows, tokenizer, LOCAL_TRAINING_TOKENS) if rows else None for rows in (training, validation)]
    if not encoded[0]:
        raise ValueError(
            "No example has an answer to learn: every assistant message has weight 0 or lies beyond the limit."
        )
    cut = sum(each.cut for each in encoded[0])
    sets = [_dataset(rows) if rows else None for rows in encoded]
    common |= {
        "args": SFTConfig(**settings, max_length=LOCAL_TRAINING_TOKENS, pad_to_multiple_of=ROUND),
        "train_dataset": sets[0],
        "eval_dataset": sets[1],
    }
    if not recipe.adds:
        return SFTTrainer(**common), cut
    epochs = job.plan["hyperparameters"]["n_epochs"]
    paraphrases = write_paraphrases(training, tokenizer, model.to(device()), LOCAL_TRAINING_TOKENS, epochs, job.seed)
    trainer = AnswerLossTrainer(
        replay=Replay(tokenizer, job.seed),
        paraphrases=paraphrases,
        **common,
    )
    fuse_lora(trainer.model)
    subspaces, trainer.replay.states = initialise_lora(trainer.model, encoded[0], trainer.replay.texts, job.seed)
    trainer.add_callback(WeightAveraging(subspaces))
    return trainer, cut


def recipe_of(job: Job) -> Recipe:
    """The recipe that was chosen when the job was created; jobs of before had no choice."""
    return RECIPES[job.plan.get("recipe", COURSE.name)]


def _lowest(share: float, layers: int) -> str | None:
    """A regular expression for the modules of this share of the layers, the lowest; None for none."""
    numbers = "|".join(map(str, range(int(share * layers))))
    return rf".*\blayers\.({numbers})\..*" if numbers else None


def _dataset(encoded: list[Any]) -> Dataset:
    return Dataset.from_list([{"input_ids": each.input_ids, "labels": each.labels} for each in encoded])


def _arguments(job: Job, output: Path, examples: int, *, evaluate: bool) -> dict[str, Any]:
    """What both trainers are told. The job's batch_size is that of all devices together."""
    asked = job.plan["hyperparameters"]
    each_device = max(1, math.ceil(asked["batch_size"] / _devices()))
    steps = count_batches(examples, asked["batch_size"]) * asked["n_epochs"]
    recipe = recipe_of(job)
    pace = min(1.0, math.sqrt(SHORT_TRAINING / steps)) if recipe.adds else 1.0
    rate = DPO_LEARNING_RATE if job.method["type"] == "dpo" else recipe.learning_rate
    return {
        "output_dir": str(output),
        "num_train_epochs": asked["n_epochs"],
        "per_device_train_batch_size": each_device,
        "per_device_eval_batch_size": each_device,
        "learning_rate": rate * asked["learning_rate_multiplier"] * pace,
        "lr_scheduler_type": recipe.lr_scheduler_type,  # weight averaging takes the place of a falling rate
        "warmup_steps": WARMUP_SHARE,
        "seed": job.seed,
        "bf16": weights_dtype() is torch.bfloat16,
        "use_cpu": device() == "cpu",
        "gradient_checkpointing": False,  # the model is small; it would only cost time
        "dataloader_pin_memory": device() == "cuda",
        "logging_steps": 1,
        "eval_strategy": "epoch" if evaluate else "no",
        "save_strategy": "epoch",
        "save_only_model": True,  # a checkpoint is a model to use; a pause adds what is needed to resume
        "save_total_limit": 4,  # three to keep, and one that a pause may have added
        "include_num_input_tokens_seen": "non_padding",
        "report_to": [],
        "disable_tqdm": True,
    }


def _devices() -> int:
    from accelerate import PartialState

    return PartialState(cpu=device() == "cpu").num_processes
