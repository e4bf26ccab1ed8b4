"""Which way adapters look: at what the examples show, and hardly at other texts.

An adapter is a product of two matrices. The inner one looks for something in what a layer reads, the outer one says what to do about it.
Usually the inner one begins with random numbers, so it sees every text alike, and what is learned from fifteen examples is done to all
texts. Here each of its rows begins as a random mixture of what the layer reads in the examples, with what it reads in general texts divided
out. Training then goes on as always, and turns the rows towards general texts again; so for the model that is saved these are divided
out once more (averaging.py). The idea is known from LoRA-Null (Tang et al., arXiv 2503.02659), which begins in directions that general
texts do not use at all.
"""

import math
from collections.abc import Callable
from typing import Any

import torch
from peft.tuners.lora import Linear

from helpers.practice.training.batching import common_beginning, last_states, rounded
from helpers.practice.training.labels import Encoded
from helpers.practice.training.speed.shared_prefix import Beginning

ADAPTER = "default"
OF_EXAMPLES = 3072  # tokens that are looked at, filled up to one length: 32 examples as long as those of the mattress
# Tokens of the general texts, at most; more take more memory. With 320 (and a STRENGTH of 1.6 in averaging.py), general answers were 84
# instead of 89 % (three trainings).
COMPARED = 512
RIDGE = 0.1  # of the mean strength of a direction in general texts: what is weaker than that counts as noise


def aim(
    model: Any, examples: list[Encoded], general: list[Encoded], seed: int
) -> tuple[dict[Linear, torch.Tensor], list[torch.Tensor]]:
    """Set the inner matrices (rank x in) of a PEFT model that has not learned yet. On average they answer to the examples as strongly as
    those that PEFT begins with. Returns for each layer what general texts show there, as `without` wants it; and for each general text the
    last hidden states before its learned tokens (tokens x hidden), from which the model names its scores."""
    chance = torch.Generator().manual_seed(seed)
    mixtures: dict[Linear, torch.Tensor] = {}
    shown: dict[Linear, torch.Tensor] = {}

    def mix(layer: Linear, read: torch.Tensor) -> None:
        weights = torch.randn(layer.r[ADAPTER], len(read), generator=chance)
        mixtures[layer] = weights @ read / math.sqrt(len(read))

    def begin(layer: Linear, directions: torch.Tensor) -> None:
        shown[layer] = directions
        layer.lora_A[ADAPTER].weight.copy_(aimed(mixtures[layer], directions))

    order = torch.randperm(len(examples), generator=chance)
    _show(model, looked_at([examples[number] for number in order], OF_EXAMPLES), lambda read: read, mix)
    states = _show(model, general, lambda read: general_directions(read, chance), begin)
    return shown, states


def general_directions(read: torch.Tensor, chance: torch.Generator) -> torch.Tensor:
    """What `without` needs of that which a layer reads in general texts (tokens x in): D, with D'D = C (C + ridge)^-1 and C the second
    moment. In half precision, as a job keeps it: 80 MB for the small model of the course."""
    read = read[torch.randperm(len(read), generator=chance)[:COMPARED]] / math.sqrt(min(len(read), COMPARED))
    products = read @ read.T  # the inverse is that of a matrix of tokens x tokens (Woodbury)
    products.diagonal().add_(RIDGE * products.trace() / read.shape[1])
    return torch.linalg.solve_triangular(torch.linalg.cholesky(products), read, upper=False).half()


def without(inner: torch.Tensor, directions: torch.Tensor) -> torch.Tensor:
    """Inner matrices (rank x in), with what general texts show divided out: with their second moment C it is A (C + ridge)^-1 ridge."""
    inner, directions = inner.float().cpu(), directions.float()
    return inner - (inner @ directions.T) @ directions


def aimed(mixtures: torch.Tensor, directions: torch.Tensor) -> torch.Tensor:
    """Mixtures of what examples show (rank x in), without what general texts show, and as strong as PEFT begins."""
    result = without(mixtures, directions)
    # Each mixture stands for an example, so how strongly one row answers to the others shows how strongly it answers to examples. PEFT
    # begins with even random numbers up to 1 / sqrt(in), and they answer with a third of the mean square of what is read.
    answers = (result @ mixtures.T).fill_diagonal_(0.0).square().sum() / (len(mixtures) * (len(mixtures) - 1))
    return result * (mixtures.square().mean() / 3 / answers).sqrt()


def looked_at(texts: list[Encoded], tokens: int) -> list[Encoded]:
    """The first texts that together hold no more tokens when they are filled up to one length; one in any case."""
    longest = 0
    for count, each in enumerate(texts):
        longest = max(longest, rounded(len(each.input_ids)))
        if count and longest * (count + 1) > tokens:
            return texts[:count]
    return texts


def _show(
    model: Any,
    texts: list[Encoded],
    prepare: Callable[[torch.Tensor], torch.Tensor],
    look: Callable[[Linear, torch.Tensor], None],
) -> list[torch.Tensor]:
    """Let the model read texts; `look` gets each adapted layer with what it reads (tokens x in), without what all texts begin with, as
    `prepare` makes it: once for layers that read the same. Returns for each text the last hidden states before its learned tokens.

    A layer that does not read every token, as the experts of some models, is left as PEFT began it."""
    plain = model.get_base_model()
    with torch.no_grad():
        beginning = Beginning(texts, plain)
    batch = beginning.followed_by(texts)
    length = batch["input_ids"].shape[1]
    wanted = batch["attention_mask"][:, -length:].bool()
    wanted[:, : common_beginning(texts) - beginning.length] = False
    last: tuple[torch.Tensor, torch.Tensor] | None = None

    def hook(layer: Linear, given: tuple[torch.Tensor, ...]) -> None:
        nonlocal last
        read = given[0].flatten(0, -2)
        if len(read) == wanted.numel():
            if last is None or last[0] is not given[0]:
                last = given[0], prepare(read[wanted.flatten()].float().cpu())
            look(layer, last[1])

    layers = [each for each in model.modules() if isinstance(each, Linear) and ADAPTER in each.lora_A]
    hooks = [layer.register_forward_pre_hook(hook) for layer in layers]
    try:
        return last_states(plain, batch)
    finally:
        for each in hooks:
            each.remove()
