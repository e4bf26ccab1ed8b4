"""Which parts of a model get an adapter."""

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
