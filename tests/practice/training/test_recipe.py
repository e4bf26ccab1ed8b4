"""Two recipes: plain LoRA, and what the course adds to it."""

import json
import re

import pytest

from helpers.course_data.paths import DATA
from tests.local_training import needs_local_training, tiny_model, trainer_for

pytestmark = needs_local_training


@pytest.mark.parametrize(("layers", "adapted"), [(10, range(2, 10)), (2, range(2))])
def test_the_lowest_fifth_of_the_layers_gets_no_adapter(tmp_path, layers, adapted):
    examples = [json.loads(line) for line in (DATA / "mydata.jsonl").read_text("utf-8").splitlines()[:2]]
    trainer = trainer_for(tiny_model(tmp_path / "model", layers), examples, tmp_path / "output")
    names = [name for name, weight in trainer.model.named_parameters() if weight.requires_grad]
    assert {int(re.search(r"layers\.(\d+)\.", name)[1]) for name in names} == set(adapted)


def test_the_plain_recipe_is_trls_own_trainer_with_an_adapter_in_every_layer(tmp_path):
    from trl import SFTTrainer

    examples = [json.loads(line) for line in (DATA / "mydata.jsonl").read_text("utf-8").splitlines()[:2]]
    trainer = trainer_for(tiny_model(tmp_path / "model", 10), examples, tmp_path / "output", recipe="plain")
    assert type(trainer) is SFTTrainer
    names = [name for name, weight in trainer.model.named_parameters() if weight.requires_grad]
    assert {int(re.search(r"layers\.(\d+)\.", name)[1]) for name in names} == set(range(10))
    assert trainer.args.lr_scheduler_type == "linear" and trainer.args.learning_rate == 1e-3


def test_a_job_keeps_the_recipe_that_was_chosen_when_it_was_created(monkeypatch):
    from types import SimpleNamespace

    from helpers.practice.training.recipe import COURSE, PLAIN, recipe_of

    monkeypatch.setenv("PRACTICE_RECIPE", "course")
    assert recipe_of(SimpleNamespace(plan={"recipe": "plain"})) is PLAIN
    assert recipe_of(SimpleNamespace(plan={})) is COURSE  # a job of before there was a choice
    assert "nothing added" in str(PLAIN) and "Added by this course: paraphrases, replay" in str(COURSE)
