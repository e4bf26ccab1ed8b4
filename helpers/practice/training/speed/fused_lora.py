"""A frozen matrix and its LoRA adapter as one operation, whose gradients are written out; layers that read the same input as one of these.

PEFT computes the same in several small steps, which a model as small as ours feels: most of a step's time goes into products of small
matrices, and a layer's query, key and value take as long as three of them, or as one. So the outer matrices of the adapters stand beside
the frozen ones: x W + (x A) B is one product of (x, x A) with (W over B).
"""

from functools import partial
from typing import Any

import torch
from peft.tuners.lora import Linear

ADAPTER = "default"
SIBLINGS = (("q_proj", "k_proj", "v_proj"), ("gate_proj", "up_proj"))  # called in this order, with the same input


def write_out(model: torch.nn.Module) -> None:
    """Let every plain LoRA layer of a PEFT model compute in one operation. What it computes, learns and saves stays the same."""
    together, done = [], set()
    for module in list(model.modules()):
        for names in SIBLINGS:
            layers = [getattr(module, name, None) for name in names]
            if all(map(_is_plain, layers)) and len({layer.base_layer.bias is None for layer in layers}) == 1:
                together.append(_Together(layers))
                done.update(layers)
    together += [_Together([module]) for module in model.modules() if _is_plain(module) and module not in done]
    taken = {id(layer.base_layer.weight) for each in together for layer in each.layers}
    for weight in model.parameters():
        if not weight.requires_grad and id(weight) not in taken:
            # Or the file that it is mapped from would stay in memory beside the parts put together.
            weight.data = weight.data.clone()

    def follow(*_: Any) -> None:
        for each in together:
            each.follow()

    # Of the base model: to generate, it is called without what PEFT puts around it.
    model.get_base_model().register_forward_pre_hook(follow)


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
        self.bases = [layer.base_layer for layer in layers]
        self.learned = [part[ADAPTER].weight for layer in layers for part in (layer.lora_A, layer.lora_B)]
        self.scaling = [layer.scaling[ADAPTER] for layer in layers]
        self.sizes = [base.out_features for base in self.bases]
        self.ranks = [layer.r[ADAPTER] for layer in layers]
        self._input, self._results = None, ()
        self.versions: list[int] = []
        self._put_together()
        for place, layer in enumerate(layers):
            layer.forward = partial(self._forward, place)

    def _put_together(self) -> None:
        """Their matrices one below the other, and beside them the outer ones of their adapters, each in its own rows and columns. They are
        kept once: each layer's own becomes a part of it."""
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

    def follow(self) -> None:
        """Before each computation: what was moved or learned since the last one. After gradients an optimizer is expected to have changed
        the weights, as PyTorch's fused ones do not count their changes; all others do. Else the copies stay, for gradients still to come."""
        if self.bases[0].weight.data_ptr() != self.weight.data_ptr():
            self._put_together()
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
    """x (... x in), and of each layer the inner (rank x in) and the outer matrix of its adapter (its out x rank), which are read as copies.

    Computes in the type of the weight. Returns for each layer its part of the result (... x its out).
    """

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, of: _Together, *_: Any) -> tuple[torch.Tensor, ...]:
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
