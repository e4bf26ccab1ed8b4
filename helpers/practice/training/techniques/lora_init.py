"""Data-aware LoRA initialisation: adapters respond to the examples, and hardly to general texts.

An adapter is a product of two matrices, B and A. Usually A begins with random numbers, so it responds to every text
alike, and what is learned from fifteen examples changes the answers to all texts: catastrophic forgetting. Here each
row of A begins as a random mixture of the layer's activations on the examples, with the general subspace projected out:
the directions of its activations on calibration texts. Training turns the rows towards these directions again, so for
the model that is saved they are projected out once more (weight_averaging.py). The idea is known from LoRA-Null (Tang
et al., arXiv 2503.02659), which begins in the null space of general activations.
"""

import math
from collections.abc import Callable
from typing import Any

import torch
from peft.tuners.lora import Linear

from helpers.practice.training.batching import common_prefix_length, last_hidden_states, rounded
from helpers.practice.training.labels import Encoded
from helpers.practice.training.speed.shared_prefix import SharedPrefix

ADAPTER = "default"
EXAMPLE_TOKENS = 3072  # of the examples, padded to one length: 32 examples as long as those of the mattress
GENERAL_TOKENS = 512  # of the calibration texts, at most; more take more memory
RIDGE = 0.1  # of the mean eigenvalue of the second moment: weaker directions count as noise


def initialise_lora(
    model: Any, examples: list[Encoded], general: list[Encoded], seed: int
) -> tuple[dict[Linear, torch.Tensor], list[torch.Tensor]]:
    """Set the A matrices (rank x in) of a PEFT model before its first step.

    They respond to the examples as strongly as PEFT's own.

    Args:
        model: a PEFT model that has not learned yet.
        examples: the training examples.
        general: the calibration texts.
        seed: the same seed gives the same matrices.

    Returns:
        For each layer its general subspace, for `project_out`; and for each calibration text the last hidden states at
        its learned positions (tokens x hidden), from which `logits_from` computes the base model's logits.
    """
    generator = torch.Generator().manual_seed(seed)
    mixtures: dict[Linear, torch.Tensor] = {}
    subspaces: dict[Linear, torch.Tensor] = {}

    def mix(layer: Linear, activations: torch.Tensor) -> None:
        weights = torch.randn(layer.r[ADAPTER], len(activations), generator=generator)
        mixtures[layer] = weights @ activations / math.sqrt(len(activations))

    def begin(layer: Linear, subspace: torch.Tensor) -> None:
        subspaces[layer] = subspace
        layer.lora_A[ADAPTER].weight.copy_(initial_matrix(mixtures[layer], subspace))

    order = torch.randperm(len(examples), generator=generator)
    sample = first_texts([examples[number] for number in order], EXAMPLE_TOKENS)
    _record_activations(model, sample, lambda activations: activations, mix)
    states = _record_activations(model, general, lambda activations: general_subspace(activations, generator), begin)
    return subspaces, states


def general_subspace(activations: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """A factor D of the ridge projection onto a layer's activations on calibration texts (tokens x in).

    D'D = C (C + ridge)^-1, where C is their second moment. In half precision: 80 MB for the small model of the course.
    """
    sample = activations[torch.randperm(len(activations), generator=generator)[:GENERAL_TOKENS]]
    sample = sample / math.sqrt(len(sample))
    products = sample @ sample.T  # by Woodbury's identity, a matrix of tokens x tokens is inverted, not one of in x in
    products.diagonal().add_(RIDGE * products.trace() / sample.shape[1])
    return torch.linalg.solve_triangular(torch.linalg.cholesky(products), sample, upper=False).half()


def project_out(matrices: torch.Tensor, subspace: torch.Tensor) -> torch.Tensor:
    """A matrices (rank x in) with the general subspace projected out: A (C + ridge)^-1 ridge, C the second moment."""
    matrices, subspace = matrices.float().cpu(), subspace.float()
    return matrices - (matrices @ subspace.T) @ subspace


def initial_matrix(mixtures: torch.Tensor, subspace: torch.Tensor) -> torch.Tensor:
    """Mixtures of activations (rank x in), with the general subspace projected out, scaled as PEFT scales its own."""
    result = project_out(mixtures, subspace)
    # Each mixture stands for an example, so the response of a row to the other mixtures estimates that to examples.
    # PEFT draws A uniformly up to 1 / sqrt(in): the mean square of its response is a third of that of the activations.
    responses = (result @ mixtures.T).fill_diagonal_(0.0).square().sum() / (len(mixtures) * (len(mixtures) - 1))
    return result * (mixtures.square().mean() / 3 / responses).sqrt()


def first_texts(texts: list[Encoded], tokens: int) -> list[Encoded]:
    """The first texts that together hold no more tokens when they are padded to one length; one in any case."""
    longest = 0
    for count, each in enumerate(texts):
        longest = max(longest, rounded(len(each.input_ids)))
        if count and longest * (count + 1) > tokens:
            return texts[:count]
    return texts


def _record_activations(
    model: Any,
    texts: list[Encoded],
    prepare: Callable[[torch.Tensor], torch.Tensor],
    record: Callable[[Linear, torch.Tensor], None],
) -> list[torch.Tensor]:
    """Run the model over texts and record the input of each adapted layer, without the prefix that all texts share.

    A layer that does not see every token, as the experts of some models, is left as PEFT initialised it.

    Args:
        model: a PEFT model.
        texts: what it reads in one batch.
        prepare: called with the activations (tokens x in), once for layers that have the same input.
        record: called with each layer and what `prepare` has made of its activations.

    Returns:
        For each text the last hidden states at its learned positions.
    """
    plain = model.get_base_model()
    with torch.no_grad():
        prefix = SharedPrefix(texts, plain)
    batch = prefix.followed_by(texts)
    length = batch["input_ids"].shape[1]
    wanted = batch["attention_mask"][:, -length:].bool()
    wanted[:, : common_prefix_length(texts) - prefix.length] = False
    last: tuple[torch.Tensor, torch.Tensor] | None = None

    def hook(layer: Linear, inputs: tuple[torch.Tensor, ...]) -> None:
        nonlocal last
        activations = inputs[0].flatten(0, -2)
        if len(activations) == wanted.numel():
            if last is None or last[0] is not inputs[0]:
                last = inputs[0], prepare(activations[wanted.flatten()].float().cpu())
            record(layer, last[1])

    layers = [each for each in model.modules() if isinstance(each, Linear) and ADAPTER in each.lora_A]
    hooks = [layer.register_forward_pre_hook(hook) for layer in layers]
    try:
        return last_hidden_states(plain, batch)
    finally:
        for each in hooks:
            each.remove()
