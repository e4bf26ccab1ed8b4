"""Where adapters begin: with an eye for what the examples show, and hardly any for other texts.

An adapter is a product of two matrices. The inner one looks for something in what a layer reads, the outer one says what to do about it.
Usually the inner one begins with random numbers, so it sees every text alike, and what is learned from fifteen examples is done to all
texts. Here each of its rows begins as a random mixture of what the layer reads in the examples, with what it reads in general texts divided
out. Training then goes on as always. The idea is known from LoRA-Null (Tang et al., arXiv 2503.02659), which begins in directions that
general texts do not use at all.
"""

import math
from collections.abc import Callable
from typing import Any

import torch
from peft.tuners.lora import Linear

from helpers.practice.batches import common_beginning, padded, rounded
from helpers.practice.training_text import Encoded

ADAPTER = "default"
# Tokens that are looked at, filled up to one length: 32 examples as long as those of the mattress, 16 of the general texts. With all 30 of
# these, one second longer, facts were 76 and general answers 86 %, with 16 they were 78 and 85 % (six trainings).
OF_EXAMPLES, OF_GENERAL = 3072, 1024
COMPARED = 512  # tokens of the general texts, at most
RIDGE = 0.1  # of the mean strength of a direction in general texts: what is weaker than that counts as noise


def aim(model: Any, examples: list[Encoded], general: list[Encoded], seed: int) -> None:
    """Set the inner matrices (rank x in) of a PEFT model that has not learned yet. On average they answer to the examples as strongly as
    those that PEFT begins with."""
    chance = torch.Generator().manual_seed(seed)
    mixtures: dict[Linear, torch.Tensor] = {}

    def mix(layer: Linear, read: torch.Tensor) -> None:
        weights = torch.randn(layer.r[ADAPTER], len(read), generator=chance)
        mixtures[layer] = weights @ read / math.sqrt(len(read))

    def begin(layer: Linear, read: torch.Tensor) -> None:
        chosen = torch.randperm(len(read), generator=chance)[:COMPARED]
        layer.lora_A[ADAPTER].weight.copy_(aimed(mixtures[layer], read[chosen]))

    for texts, tokens, look in ((examples, OF_EXAMPLES, mix), (general, OF_GENERAL, begin)):
        shuffled = [texts[number] for number in torch.randperm(len(texts), generator=chance)]
        _show(model, looked_at(shuffled, tokens), look)


def aimed(mixtures: torch.Tensor, general: torch.Tensor) -> torch.Tensor:
    """Mixtures of what examples show (rank x in), with what general texts show (tokens x in) divided out.

    With their second moment C it is M (C + ridge)^-1, times a number. The inverse is that of a matrix of tokens x tokens (Woodbury).
    """
    tokens, size = general.shape
    shown = general / math.sqrt(tokens)
    products = shown @ shown.T
    products.diagonal().add_(RIDGE * products.trace() / size)
    result = mixtures - torch.cholesky_solve(shown @ mixtures.T, torch.linalg.cholesky(products)).T @ shown
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


def _show(model: Any, texts: list[Encoded], look: Callable[[Linear, torch.Tensor], None]) -> None:
    """Let the model read texts; `look` gets each adapted layer with what it reads (tokens x in), without what all texts begin with.

    A layer that does not read every token, as the experts of some models, is left as PEFT began it."""
    batch = padded(texts, next(model.parameters()).device)
    wanted = batch["attention_mask"].bool()
    wanted[:, : common_beginning(texts)] = False

    def hook(layer: Linear, given: tuple[torch.Tensor, ...]) -> None:
        read = given[0].flatten(0, -2)
        if len(read) == wanted.numel():
            look(layer, read[wanted.flatten()].float().cpu())

    layers = [each for each in model.modules() if isinstance(each, Linear) and ADAPTER in each.lora_A]
    hooks = [layer.register_forward_pre_hook(hook) for layer in layers]
    try:
        with torch.no_grad():  # without the last layer, which would name scores that nobody reads
            model.get_base_model().base_model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"])
    finally:
        for each in hooks:
            each.remove()
