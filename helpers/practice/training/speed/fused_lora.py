"""Fused LoRA: a frozen matrix and its adapter as one operation, also for several layers with the same input.

PEFT computes the same in several small products of matrices, which take most of a step's time in a model as small as
ours. A layer's query, key and value take as long as three such products, or as one. So the B matrices of the adapters
stand beside the frozen ones: x W + (x A) B is one product of (x, x A) with (W over B).
"""

from functools import partial
from typing import Any

import torch
from peft.tuners.lora import Linear

ADAPTER = "default"
SIBLINGS = (("q_proj", "k_proj", "v_proj"), ("gate_proj", "up_proj"))  # called in this order, with the same input


def fuse_lora(model: torch.nn.Module) -> None:
    """Fuse every plain LoRA layer of a PEFT model. What it computes, learns and saves stays the same."""
    together, done = [], set()
    for module in list(model.modules()):
        for names in SIBLINGS:
            layers = [getattr(module, name, None) for name in names]
            if all(map(_is_plain, layers)) and len({layer.base_layer.bias is None for layer in layers}) == 1:
                together.append(_FusedLayers(layers))
                done.update(layers)
    together += [_FusedLayers([module]) for module in model.modules() if _is_plain(module) and module not in done]
    taken = {id(layer.base_layer.weight) for each in together for layer in each.layers}
    for weight in model.parameters():
        if not weight.requires_grad and id(weight) not in taken:
            # Or the file that it is mapped from would stay in memory beside the concatenated parts.
            weight.data = weight.data.clone()

    def refresh(*_: Any) -> None:
        for each in together:
            each.refresh()

    # A hook of the base model: to generate, it is called without what PEFT puts around it.
    model.get_base_model().register_forward_pre_hook(refresh)


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


class _FusedLayers:
    """Layers with the same input. The first one that is called computes for all; the others return their part."""

    def __init__(self, layers: list[Linear]) -> None:
        self.layers = layers
        self.bases = [layer.base_layer for layer in layers]
        self.learned = [part[ADAPTER].weight for layer in layers for part in (layer.lora_A, layer.lora_B)]
        self.scaling = [layer.scaling[ADAPTER] for layer in layers]
        self.sizes = [base.out_features for base in self.bases]
        self.ranks = [layer.r[ADAPTER] for layer in layers]
        self._input, self._results = None, ()
        self.versions: list[int] = []
        self._concatenate()
        for place, layer in enumerate(layers):
            layer.forward = partial(self._forward, place)

    def _concatenate(self) -> None:
        """Their matrices one below the other, and beside them the B matrices of their adapters, block by block.

        They are kept once: each layer's own matrix becomes a view of the whole.
        """
        self.behind = True
        matrix = torch.cat([base.weight.data for base in self.bases])
        self.weight = torch.cat([matrix, matrix.new_zeros(len(matrix), sum(self.ranks))], dim=1)
        self.inner = matrix.new_zeros(sum(self.ranks), matrix.shape[1])
        for base, rows in zip(self.bases, self.weight.split(self.sizes), strict=True):
            base.weight.data = rows[:, : base.in_features]
        beside = self.weight[:, matrix.shape[1] :].split(self.sizes)
        outer = [rows.split(self.ranks, dim=1)[place] for place, rows in enumerate(beside)]
        copies = [each for pair in zip(self.inner.split(self.ranks), outer, strict=True) for each in pair]
        factors = [each for by in self.scaling for each in (1.0, by)]
        self.copies = list(zip(self.learned, factors, copies, strict=True))
        self.bias = None if self.bases[0].bias is None else torch.cat([base.bias.data for base in self.bases])

    def refresh(self) -> None:
        """Before each forward pass, take over what was moved or learned since the last one.

        After a backward pass an optimizer is expected to have changed the weights: PyTorch's fused optimizers do not
        count their changes. Otherwise the copies stay as they are, for a backward pass still to come.
        """
        if self.bases[0].weight.data_ptr() != self.weight.data_ptr():
            self._concatenate()
        versions = [weight._version for weight in self.learned]
        if self.behind or versions != self.versions:
            with torch.no_grad():
                for weight, by, copy in self.copies:
                    torch.mul(weight, by, out=copy)
            self.behind, self.versions = False, versions

    def _forward(self, place: int, x: torch.Tensor, *rest: Any, **named: Any) -> torch.Tensor:
        layer = self.layers[place]
        alone = layer.disable_adapters or layer.merged or rest or named
        if place == 0 and not alone:
            self._input, self._results = x, _Product.apply(x, self, *self.learned)
        if alone or x is not self._input:
            return type(layer).forward(layer, x, *rest, **named)
        result = self._results[place]
        if place == len(self.layers) - 1:
            self._input, self._results = None, ()
        return result


class _Product(torch.autograd.Function):
    """Of x (... x in) and each layer's A (rank x in) and B (out x rank), which are read as copies: each layer's output.

    Computes in the type of the weight. Returns for each layer its part of the result (... x its out).
    """

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, of: _FusedLayers, *_: Any) -> tuple[torch.Tensor, ...]:
        rows = x.reshape(-1, x.shape[-1]).to(of.weight.dtype)
        both = torch.cat([rows, rows @ of.inner.t()], dim=1)
        result = both @ of.weight.t()
        if of.bias is not None:
            result += of.bias
        ctx.save_for_backward(both, of.weight, of.inner)
        ctx.of, ctx.shape, ctx.dtype = of, x.shape, x.dtype
        return tuple(part.view(*x.shape[:-1], -1) for part in result.split(of.sizes, dim=1))

    @staticmethod
    def backward(ctx: Any, *parts: torch.Tensor) -> Any:
        both, weight, inner = ctx.saved_tensors
        of, width = ctx.of, inner.shape[1]
        of.behind = True
        given = torch.cat([part.reshape(-1, part.shape[-1]) for part in parts], dim=1)
        rows, middle = both[:, :width], both[:, width:]
        of_both = given @ weight
        through = of_both[:, width:]
        of_x = None
        if ctx.needs_input_grad[0]:
            of_x = torch.addmm(of_both[:, :width], through, inner).view(ctx.shape).to(ctx.dtype)
        of_inner = (through.t() @ rows).float().split(of.ranks)
        of_all = given.t() @ middle  # of every layer with every adapter; only those of a layer with its own are wanted
        of_outer = [
            every.split(of.ranks, dim=1)[place].float().mul_(of.scaling[place])
            for place, every in enumerate(of_all.split(of.sizes))
        ]
        return of_x, None, *(each for pair in zip(of_inner, of_outer, strict=True) for each in pair)
