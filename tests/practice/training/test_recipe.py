"""Two recipes: plain LoRA, and what the course adds to it."""

import json
import re
from types import SimpleNamespace

import pytest

from helpers.course_data.paths import DATA
from tests.local_training import needs_local_training, tiny_model, trainer_for

pytestmark = needs_local_training


@pytest.fixture
def make(tmp_path):
    """A trainer of a model with so many layers, before its first step, with a recipe."""
    examples = [json.loads(line) for line in (DATA / "mydata.jsonl").read_text("utf-8").splitlines()[:2]]
    return lambda layers, recipe: trainer_for(
        tiny_model(tmp_path / "model", layers), examples, tmp_path / "output", recipe=recipe
    )


def learned(trainer):
    return [name for name, weight in trainer.model.named_parameters() if weight.requires_grad]


def layers_of(names):
    return {int(re.search(r"layers\.(\d+)\.", name)[1]) for name in names}


@pytest.mark.parametrize(("layers", "adapted"), [(10, range(4, 10)), (2, range(2))])
def test_the_course_leaves_the_lowest_layers_as_they_are_and_learns_b_only(make, layers, adapted):
    names = learned(make(layers, "course"))
    assert layers_of(names) == set(adapted)
    assert all("lora_B" in name for name in names)


def test_the_plain_recipe_has_an_adapter_in_every_layer_and_learns_a_and_b(make):
    trainer = make(10, "plain")
    names = learned(trainer)
    assert layers_of(names) == set(range(10))
    assert {re.search(r"lora_[AB]", name)[0] for name in names} == {"lora_A", "lora_B"}
    assert trainer.args.learning_rate == 1e-3


@pytest.mark.parametrize("recipe", ["plain", "course"])
def test_both_train_with_trls_own_trainer(make, recipe):
    from trl import SFTTrainer

    assert type(make(3, recipe)) is SFTTrainer


def test_a_job_keeps_the_recipe_that_was_chosen_when_it_was_created(monkeypatch):
    from helpers.practice.training.recipe import COURSE, PLAIN, recipe_of

    monkeypatch.setenv("PRACTICE_RECIPE", "course")
    assert recipe_of(SimpleNamespace(plan={"recipe": "plain"})) is PLAIN
    assert recipe_of(SimpleNamespace(plan={})) is COURSE  # a job of before there was a choice


def test_a_recipe_says_what_it_adds():
    from helpers.practice.training.recipe import COURSE, PLAIN

    assert str(PLAIN) == "plain LoRA (rank 32, learning rate 0.001), nothing added"
    assert "Added by this course: no adapter in the lowest 40% of the layers; adapters that begin" in str(COURSE)


@pytest.mark.parametrize(
    ("name", "left_out"),
    [
        ("model.layers.3.self_attn.q_proj", True),
        ("model.layers.4.mlp.down_proj", False),
        ("transformer.h.0.attn.c_attn", True),
        ("model.layers.12.mlp.experts.3.up_proj", False),
    ],
)
def test_the_number_of_a_layer_is_found_however_a_model_names_its_layers(name, left_out):
    from helpers.practice.training.recipe import COURSE, lora_config

    pattern = lora_config(COURSE, layers=10).exclude_modules
    assert (re.fullmatch(pattern, name) is not None) is left_out
