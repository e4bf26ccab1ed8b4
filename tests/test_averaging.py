"""What is saved after an epoch: the average of the weights so far, the lower layers less changed."""

from types import SimpleNamespace

import pytest

from tests.local_training import needs_local_training

pytestmark = needs_local_training


def test_the_average_is_saved_with_less_of_the_lower_layers_and_training_goes_on_from_the_weights_as_they_were():
    import torch

    from helpers.practice.averaging import Averaging

    names = ("layers.0.lora_A", "layers.0.lora_B", "layers.1.lora_B", "layers.2.lora_B")
    model = SimpleNamespace(weights={name: torch.zeros(2, requires_grad=True) for name in names})
    model.named_parameters = lambda: list(model.weights.items())
    averaging, state = Averaging(), SimpleNamespace(max_steps=4, global_step=0)
    control = SimpleNamespace(should_training_stop=False)
    for step in (1, 2, 3, 4):
        state.global_step = step
        for weight in model.weights.values():
            weight.data.fill_(float(step))
        averaging.on_step_end(None, state, control, model=model)
    averaging.on_epoch_end(None, state, control, model=model)
    saved = [weight[0].item() for weight in model.weights.values()]
    assert saved == pytest.approx([3.0, 3 * 0.7, 3 * 0.8, 3 * 0.9])  # of 2, 3 and 4: the first step lies before 40 %
    averaging.on_epoch_begin(None, state, control, model=model)
    assert all(weight[0] == 4 for weight in model.weights.values())
