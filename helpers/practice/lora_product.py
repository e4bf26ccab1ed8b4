"""A frozen matrix and its LoRA adapter as one operation, whose gradients are written out; layers that read the same input as one of these.

PEFT computes the same in several small steps, which a model as small as ours feels: most of a step's time goes into products of small
matrices, and a layer's query, key and value take as long as three of them, or as one.
"""

from functools import partial
from typing import Any

import torch
from peft.tuners.lora import Linear

ADAPTER = "default"
SIBLINGS = (("q_proj", "k_proj", "v_proj"), ("gate_proj", "up_proj"))  # called in this order, with the same input


def write_out(model: torch.nn.Module) -> None:
    """Let every plain LoRA layer of a PEFT model compute in one operation. What it computes, learns and saves stays the same."""
    for weight in model.parameters():
        if not weight.requires_grad:
            weight.data = (
                weight.data.clone()
            )  # or the file that it is mapped from would stay in memory beside the parts put together
    done = set()
    for module in list(model.modules()):
        for names in SIBLINGS:
            layers = [getattr(module, name, None) for name in names]
            if all(map(_is_plain, layers)) and len({layer.base_layer.bias is None for layer in layers}) == 1:
                _Together(layers)
                done.update(layers)
    for module in model.modules():
        if _is_plain(module) and module not in done:
            _Together([module])


def _is_plain(layer: Any) -> bool:
    """Whether y = W x + bias + scaling B A x is all that a layer does."""
    return (
        isinstance(layer, Linear)
        and type(layer.base_layer) is torch.nn.Linear
        and layer.active_adapters == [ADAPTER]
        and not layer.lora_variant
        and not layer.lora_bias[ADAPTER]
        and isinstance(layer.lora_dropout[ADAPTER], torch.nn.Identity)
    )


class _Together:
    """Layers with the same input. The first one that is called computes for all; the others hand out their part."""

    def __init__(self, layers: list[Linear]) -> None:
        self.layers = layers
        self.sizes = [layer.base_layer.out_features for layer in layers]
        self._matrix = None
        self._input, self._results = None, ()
        for place, layer in enumerate(layers):
            layer.forward = partial(self._forward, place)

    def _forward(self, place: int, x: torch.Tensor, *rest: Any, **named: Any) -> torch.Tensor:
        layer = self.layers[place]
        alone = layer.disable_adapters or layer.merged or rest or named
        if place == 0 and not alone:
            self._input, self._results = x, self._computed(x)
        if alone or x is not self._input:
            return type(layer).forward(layer, x, *rest, **named)
        result = self._results[place]
        if place == len(self.layers) - 1:
            self._input, self._results = None, ()
        return result

    def _computed(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        biases = [layer.base_layer.bias for layer in self.layers]
        inner = [layer.lora_A[ADAPTER].weight for layer in self.layers]
        outer = [layer.lora_B[ADAPTER].weight for layer in self.layers]
        scaling = [layer.scaling[ADAPTER] for layer in self.layers]
        bias = None if biases[0] is None else torch.cat(biases)
        return _Product.apply(x, self._weight(), bias, self.sizes, scaling, *inner, *outer)

    def _weight(self) -> torch.Tensor:
        """The matrices one below the other. They are kept once: each layer's own becomes a part of it."""
        bases = [layer.base_layer for layer in self.layers]
        if len(bases) == 1:
            return bases[0].weight
        if self._matrix is None or self._matrix.data_ptr() != bases[0].weight.data_ptr():  # at first, or after a move
            self._matrix = torch.cat([base.weight.data for base in bases])
            for base, part in zip(bases, self._matrix.split(self.sizes), strict=True):
                base.weight.data = part
        return self._matrix


class _Product(torch.autograd.Function):
    """Shapes: x (... x in), weight (out x in, of all layers), for each layer inner (rank x in) and outer (its out x rank).

    Computes in the type of the weight. Returns for each layer its part of the result (... x its out).
    """

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, weight: Any, bias: Any, sizes: list[int], scaling: list[float], *pairs: Any):
        inner, outer = pairs[: len(sizes)], pairs[len(sizes) :]
        rows = x.reshape(-1, x.shape[-1]).to(weight.dtype)
        a = torch.cat([each.to(weight.dtype) for each in inner])
        b = torch.block_diag(*[(each * by).to(weight.dtype) for each, by in zip(outer, scaling, strict=True)])
        middle = rows @ a.t()
        result = (rows @ weight.t()).addmm_(middle, b.t())
        if bias is not None:
            result += bias
        ctx.save_for_backward(rows, weight, a, b, middle)
        ctx.shape, ctx.dtype, ctx.scaling, ctx.sizes = x.shape, x.dtype, scaling, sizes
        ctx.ranks = [len(each) for each in inner]
        return tuple(part.view(*x.shape[:-1], -1) for part in result.split(sizes, dim=1))

    @staticmethod
    def backward(ctx: Any, *parts: torch.Tensor) -> Any:
        rows, weight, a, b, middle = ctx.saved_tensors
        given = torch.cat([part.reshape(-1, part.shape[-1]) for part in parts], dim=1)
        through = given @ b
        of_x = None
        if ctx.needs_input_grad[0]:
            of_x = (given @ weight).addmm_(through, a).view(ctx.shape).to(ctx.dtype)
        of_inner = (through.t() @ rows).float().split(ctx.ranks)
        of_all = given.t() @ middle  # of every layer with every adapter; only those of a layer with its own are wanted
        of_outer = [
            every.split(ctx.ranks, dim=1)[place].float().mul_(ctx.scaling[place])
            for place, every in enumerate(of_all.split(ctx.sizes))
        ]
        return of_x, None, None, None, None, *of_inner, *of_outer
