"""At the end of each epoch: the average of the weights so far, with the general subspace projected out.

With a handful of examples the model soon knows the sentences by heart, and every step ends somewhere else around the
same place. The average of these places leans less on the examples that came last: stochastic weight averaging.

While it learns, an adapter comes to respond to any text, and so the model forgets. So the general subspace is projected
out of it (lora_init.py): most of what was learned stays, and much of what was forgotten comes back. And a model needs
its lower layers most for language and knowledge, so their change counts less than that of the upper ones. (Wang et al.,
LiNeS: Post-training Layer Scaling Prevents Forgetting and Enhances Model Merging, arXiv 2410.17146.)
"""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
from peft.tuners.lora import Linear
from torch.optim.swa_utils import get_swa_multi_avg_fn
from transformers import TrainerCallback
from transformers.trainer_utils import PREFIX_CHECKPOINT_DIR

from helpers.practice.training.callbacks import is_end_of_epoch
from helpers.practice.training.techniques.lora_init import ADAPTER, project_out

AVERAGED_FROM = 0.4  # of the steps; before, the model has not yet arrived
STRENGTH = 1.5  # the factor of what is left, as some of what the examples show is projected out as well
FILE = "weight_averaging.pt"  # in a checkpoint to resume from
LOWEST, HIGHEST = 0.85, 0.95  # how much of these layers' change is kept; between them it rises evenly


class WeightAveraging(TrainerCallback):
    """What is validated and saved after an epoch is the average, with each layer's general subspace projected out.

    Training goes on from the weights as they were.
    """

    def __init__(self, subspaces: dict[Linear, torch.Tensor]) -> None:
        self._subspaces = subspaces
        self._mean: dict[str, torch.Tensor] = {}
        self._aside: dict[str, torch.Tensor] = {}
        self._steps = 0

    def on_train_begin(self, args: Any, state: Any, control: Any, model: Any = None, **_: Any) -> None:
        file = _file(args, state)
        if state.global_step and file.is_file():
            held = torch.load(file, map_location=model.device, weights_only=True)
            self._mean, self._aside, self._steps = held["mean"], held["aside"], held["steps"]

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """A checkpoint to resume from holds the running average as well, or the next process would begin anew."""
        if not args.save_only_model and state.is_world_process_zero:
            held = {"mean": self._mean, "aside": self._aside, "steps": self._steps}
            torch.save(held, _file(args, state))

    def on_step_end(self, args: Any, state: Any, control: Any, model: Any = None, **_: Any) -> None:
        if state.global_step < AVERAGED_FROM * state.max_steps:
            return
        self._steps += 1
        weights = {name: weight.detach() for name, weight in _trained(model)}
        if not self._mean:
            self._mean = {name: weight.clone() for name, weight in weights.items()}
        average = list(self._mean.values()), [weights[name] for name in self._mean]
        get_swa_multi_avg_fn()(*average, self._steps - 1)

    def on_epoch_end(self, args: Any, state: Any, control: Any, model: Any = None, **_: Any) -> None:
        if not is_end_of_epoch(state):
            return  # a pause: what is saved now is to resume from
        self._aside = {name: weight.detach().clone() for name, weight in _trained(model)}
        scales = layer_scales(self._aside)
        with torch.no_grad():
            for name, weight in _trained(model):
                weight.copy_(self._mean.get(name, weight) * scales[name])
            for layer, subspace in self._subspaces.items():
                weight = layer.lora_A[ADAPTER].weight
                weight.copy_(STRENGTH * project_out(weight, subspace))

    def on_epoch_begin(self, args: Any, state: Any, control: Any, model: Any = None, **_: Any) -> None:
        with torch.no_grad():
            for name, weight in _trained(model):
                if name in self._aside:
                    weight.copy_(self._aside[name])
        self._aside = {}


def _file(args: Any, state: Any) -> Path:
    return Path(args.output_dir) / f"{PREFIX_CHECKPOINT_DIR}-{state.global_step}" / FILE


def layer_scales(names: Iterable[str]) -> dict[str, float]:
    """How much of each weight is kept. An adapter is a product of two matrices, A and B: it shrinks with one, B.

    >>> layer_scales(["layers.2.q.lora_A", "layers.2.q.lora_B", "layers.3.q.lora_B", "layers.4.q.lora_B"])
    {'layers.2.q.lora_A': 1.0, 'layers.2.q.lora_B': 0.85, 'layers.3.q.lora_B': 0.9, 'layers.4.q.lora_B': 0.95}
    """
    found = {name: re.search(r"\.(\d+)\.", name) for name in names}
    layers = {name: int(each[1]) for name, each in found.items() if each and "lora_B" in name}
    first, last = min(layers.values(), default=0), max(layers.values(), default=0)
    rise = (HIGHEST - LOWEST) / (last - first) if last > first else 0.0
    kept = {name: round(LOWEST + rise * (layer - first), 6) for name, layer in layers.items()}
    return {name: kept.get(name, 1.0) if rise else 1.0 for name in found}


def _trained(model: Any) -> list[tuple[str, torch.Tensor]]:
    return [(name, weight) for name, weight in model.named_parameters() if weight.requires_grad]
