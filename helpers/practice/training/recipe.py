"""LoRA on a small chat model, with TRL: which settings, and what the course adds. Read this first.

`PLAIN` is ordinary LoRA, as in TRL's and PEFT's own examples. `COURSE` adds what a handful of examples needs: adapters
in the upper layers only, which begin outside of what general texts use (null_space.py). PRACTICE_RECIPE=plain or course
chooses, when a job is created.

How good and how fast both are: tests/benchmarks/local_quality.py and local_speed.py.
"""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer, Trainer, set_seed
from trl import DPOConfig, DPOTrainer, SFTConfig, SFTTrainer

from helpers.connection.catalogue import LOCAL_TRAINING_TOKENS
from helpers.practice.store import Job
from helpers.practice.training.base_model import attention, device, weights_dtype
from helpers.practice.training.labels import Encoded, encode_all, preferences
from helpers.practice.training.null_space import begin_in_null_space, calibration_texts

DPO_LEARNING_RATE = 2e-4
WARMUP_SHARE = 0.05


@dataclass(frozen=True)
class Recipe:
    """Settings of one training.

    `learning_rate` is for supervised training, times the job's learning_rate_multiplier. `lowest_without_adapter`: that
    share of the layers, the lowest, stays as it is. `null_space`: A matrices begin there and are not learned.
    """

    name: str
    learning_rate: float
    lowest_without_adapter: float = 0.0
    null_space: bool = False
    rank: int = 32
    alpha: int = 64

    def __str__(self) -> str:
        added = [
            self.lowest_without_adapter and f"no adapter in the lowest {self.lowest_without_adapter:.0%} of the layers",
            self.null_space and "adapters that begin in the null space of general texts",
        ]
        more = "; ".join(filter(None, added))
        settings = f"LoRA (rank {self.rank}, learning rate {self.learning_rate:g})"
        return f"{settings}. Added by this course: {more}" if more else f"plain {settings}, nothing added"


PLAIN = Recipe("plain", learning_rate=1e-3)
COURSE = Recipe("course", learning_rate=5e-3, lowest_without_adapter=0.4, null_space=True)
RECIPES = {recipe.name: recipe for recipe in (PLAIN, COURSE)}


@dataclass(frozen=True)
class Prepared:
    """A trainer, and how many training examples were cut at the limit, and left out because nothing was to learn."""

    trainer: Trainer
    cut: int = 0
    left_out: int = 0


def make_trainer(
    job: Job, source: str, training: list[dict[str, Any]], validation: list[dict[str, Any]] | None, output: Path
) -> Prepared:
    """TRL's trainer for a job, ready to train.

    Args:
        job: says how: its method, its seed, and the hyperparameters of its plan.
        source: what Transformers loads as the base model, a folder or the id of a model hub.
        training: the examples of the training file.
        validation: those of the validation file; None: nothing is validated.
        output: the folder for the checkpoints.

    Raises:
        ValueError: no example has an answer to learn.
    """
    set_seed(job.seed)  # PEFT draws random numbers for the adapters
    recipe = recipe_of(job)
    tokenizer = AutoTokenizer.from_pretrained(source)
    model = AutoModelForCausalLM.from_pretrained(source, dtype=weights_dtype())
    layers = model.config.get_text_config().num_hidden_layers
    if job.method["type"] == "dpo":
        chosen, held_out = (Dataset.from_list(preferences(rows)) if rows else None for rows in (training, validation))
        settings = _arguments(job, PLAIN, output, evaluate=held_out is not None)
        trainer = DPOTrainer(
            model,
            args=DPOConfig(**settings, beta=job.plan["hyperparameters"]["beta"], max_length=LOCAL_TRAINING_TOKENS),
            train_dataset=chosen,
            eval_dataset=held_out,
            processing_class=tokenizer,
            peft_config=lora_config(PLAIN, layers),
        )
        return Prepared(trainer)

    encoded, held_out = (encode_all(rows or [], tokenizer, LOCAL_TRAINING_TOKENS) for rows in (training, validation))
    if not encoded:
        raise ValueError(
            "No example has an answer to learn: every assistant message has weight 0 or lies beyond the limit."
        )
    model.set_attn_implementation(attention(max(len(each.input_ids) for each in [*encoded, *held_out])))
    arguments = SFTConfig(**_arguments(job, recipe, output, evaluate=bool(held_out)), max_length=None)  # cut already
    model = get_peft_model(model.to(arguments.device), lora_config(recipe, layers))
    if recipe.null_space:
        begin_in_null_space(model, [each.input_ids for each in encoded], calibration_texts(tokenizer), job.seed)
    trainer = SFTTrainer(
        model,
        args=arguments,
        train_dataset=_dataset(encoded),
        eval_dataset=_dataset(held_out) if held_out else None,
        processing_class=tokenizer,
    )
    return Prepared(trainer, cut=sum(each.cut for each in encoded), left_out=len(training) - len(encoded))


def recipe_of(job: Job) -> Recipe:
    """The recipe that was chosen when the job was created; jobs of before had no choice."""
    return RECIPES[job.plan.get("recipe", COURSE.name)]


def lora_config(recipe: Recipe, layers: int) -> LoraConfig:
    lowest = "|".join(map(str, range(int(recipe.lowest_without_adapter * layers))))
    return LoraConfig(
        r=recipe.rank,
        lora_alpha=recipe.alpha,
        target_modules="all-linear",
        # The first number in a module's name is that of its layer: model.layers.3.mlp, transformer.h.3.attn.
        exclude_modules=rf"(?:[^\d.][^.]*\.)*({lowest})\..*" if lowest else None,
        task_type="CAUSAL_LM",
    )


def _dataset(encoded: list[Encoded]) -> Dataset:
    return Dataset.from_list([{"input_ids": each.input_ids, "labels": each.labels} for each in encoded])


def _arguments(job: Job, recipe: Recipe, output: Path, *, evaluate: bool) -> dict[str, Any]:
    """What both trainers are told. The job's batch_size is that of all devices together."""
    asked = job.plan["hyperparameters"]
    each_device = max(1, math.ceil(asked["batch_size"] / _devices()))
    rate = DPO_LEARNING_RATE if job.method["type"] == "dpo" else recipe.learning_rate
    return {
        "output_dir": str(output),
        "num_train_epochs": asked["n_epochs"],
        "per_device_train_batch_size": each_device,
        "per_device_eval_batch_size": each_device,
        "learning_rate": rate * asked["learning_rate_multiplier"],
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
        "include_num_input_tokens_seen": "non_padding",
        "report_to": [],
        "disable_tqdm": True,
    }


def _devices() -> int:
    from accelerate import PartialState

    return PartialState(cpu=device() == "cpu").num_processes
