"""What is saved after an epoch: the average weights, without the general subspace, lower layers less changed."""

from types import SimpleNamespace

import pytest

from tests.local_training import needs_local_training

pytestmark = needs_local_training


def test_the_average_is_saved_with_less_of_general_texts_and_lower_layers_and_training_goes_on_as_it_was():
    import torch
    from peft import LoraConfig, get_peft_model

    from helpers.practice.training.techniques.lora_init import general_subspace
    from helpers.practice.training.techniques.weight_averaging import STRENGTH, WeightAveraging

    layers = torch.nn.Sequential(*(torch.nn.Linear(4, 4) for _ in range(3)))
    model = get_peft_model(layers, LoraConfig(r=2, target_modules=["0", "1", "2"]))
    adapted = list(model.base_model.model)
    inner, outer = ([getattr(each, name)["default"].weight for each in adapted] for name in ("lora_A", "lora_B"))
    general = torch.eye(4)[:1].repeat(50, 1)  # they show the first of four things, and nothing else
    averaging = WeightAveraging(dict.fromkeys(adapted, general_subspace(general, torch.Generator())))
    state, control = SimpleNamespace(max_steps=4, global_step=0, epoch=1.0), SimpleNamespace()
    for step in (1, 2, 3, 4):
        state.global_step = step
        for weight in (*inner, *outer):
            weight.data.fill_(float(step))
        averaging.on_step_end(None, state, control, model=model)
    averaging.on_epoch_end(None, state, control, model=model)
    # The mean of 2, 3 and 4: the first step lies before 40 %.
    assert [weight.unique().item() for weight in outer] == pytest.approx([3 * 0.85, 3 * 0.9, 3 * 0.95])
    for row in torch.cat([*inner]).tolist():
        assert row[1:] == pytest.approx([3 * STRENGTH] * 3) and abs(row[0]) < 0.1 * STRENGTH
    averaging.on_epoch_begin(None, state, control, model=model)
    assert all((weight == 4).all() for weight in (*inner, *outer))
