"""At the end of each epoch: the average of the weights so far.

With a handful of examples the model soon knows the sentences by heart, and every step ends somewhere else around the same place.
The average of these places leans less on the examples that came last. The idea is known as stochastic weight averaging.
"""

from typing import Any

import torch
from transformers import TrainerCallback

AVERAGED_FROM = 0.4  # of the steps; before, the model has not yet arrived


class Averaging(TrainerCallback):
    """What is validated and saved after an epoch is the average; training goes on from the weights as they were."""

    def __init__(self) -> None:
        self._mean: dict[str, torch.Tensor] = {}
        self._aside: dict[str, torch.Tensor] = {}
        self._steps = 0

    def on_step_end(self, args: Any, state: Any, control: Any, model: Any = None, **_: Any) -> None:
        if state.global_step < AVERAGED_FROM * state.max_steps:
            return
        self._steps += 1
        for name, weight in _trained(model):
            if name in self._mean:
                self._mean[name].lerp_(weight.detach(), 1 / self._steps)
            else:
                self._mean[name] = weight.detach().clone()

    def on_epoch_end(self, args: Any, state: Any, control: Any, model: Any = None, **_: Any) -> None:
        if control.should_training_stop and state.global_step < state.max_steps:
            return  # a pause: what is saved now is to go on from
        self._aside = {name: weight.detach().clone() for name, weight in _trained(model)}
        with torch.no_grad():
            for name, weight in _trained(model):
                weight.copy_(self._mean.get(name, weight))

    def on_epoch_begin(self, args: Any, state: Any, control: Any, model: Any = None, **_: Any) -> None:
        with torch.no_grad():
            for name, weight in _trained(model):
                if name in self._aside:
                    weight.copy_(self._aside[name])
        self._aside = {}


def _trained(model: Any) -> list[tuple[str, torch.Tensor]]:
    return [(name, weight) for name, weight in model.named_parameters() if weight.requires_grad]
