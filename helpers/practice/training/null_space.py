"""Learn without forgetting: adapters that respond to the examples, and hardly to any other text.

A LoRA adapter adds B A x to a layer's output for the input x. PEFT begins with random rows in A, which respond to every
text alike, so what is learned from fifteen examples changes the answers to all questions: catastrophic forgetting. Here
each row of A is a random mixture of the layer's inputs on the examples, less the part of it that lies in the space of
its inputs on general texts (data/calibration.jsonl). A then stays as it is, and only B is learned, so the adapter never
comes to respond to general texts.

Both halves are known: the null space of general inputs from LoRA-Null (Tang et al., arXiv 2503.02659), a fixed A from
LoRA-FA (Zhang et al., arXiv 2308.03303). What they bring here: tests/benchmarks/local_quality.py.
"""

import json
from collections.abc import Callable
from typing import Any

import torch
from torch.nn.utils.rnn import pad_sequence

from helpers.course_data.paths import DATA
from helpers.practice.training.labels import encode_all
from helpers.training_file.jsonl import read_lines

CALIBRATION = DATA / "calibration.jsonl"
MOST_TOKENS = 4096  # read at once, of the examples and of the calibration texts: more take more memory
GENERAL_TOKENS = 1024  # of the calibration texts, drawn from what was read: the time grows with their square
RIDGE = 0.01  # of the mean square of an input: how weakly a direction may be used and still count as general


def begin_in_null_space(model: Any, examples: list[list[int]], general: list[list[int]], seed: int) -> None:
    """Set the A matrices (rank x in) of a PEFT model that has not learned yet, and leave only B to be learned.

    A layer that is not called for every text, such as an expert of a mixture, is left as PEFT made it.

    Args:
        model: a PEFT model with LoRA adapters.
        examples: token ids of the training examples.
        general: token ids of the calibration texts.
        seed: the same seed gives the same matrices.
    """
    generator = torch.Generator().manual_seed(seed)
    matrices = {name.split(".lora_A.")[0]: a for name, a in model.named_parameters() if ".lora_A." in name}
    mixtures: dict[str, torch.Tensor] = {}

    def mix(layer: str, inputs: torch.Tensor) -> None:
        mixtures[layer] = torch.randn(len(matrices[layer]), len(inputs), generator=generator) @ inputs

    def begin(layer: str, inputs: torch.Tensor) -> None:
        if layer in mixtures:
            a = matrices[layer]
            drawn = inputs[torch.randperm(len(inputs), generator=generator)[:GENERAL_TOKENS]]
            rows = orthonormal(less_general(mixtures[layer], drawn))
            a.copy_(rows * (a.norm().item() / len(rows) ** 0.5))  # as large as PEFT made it
            a.requires_grad_(False)

    for texts, visit in ((examples, mix), (general, begin)):
        order = torch.randperm(len(texts), generator=generator).tolist()
        visit_inputs(model, matrices, [texts[number] for number in order], visit)


def less_general(rows: torch.Tensor, inputs: torch.Tensor) -> torch.Tensor:
    """Rows (rank x in) without their ridge regression on a layer's general inputs (tokens x in)."""
    products = inputs @ inputs.T
    products.diagonal().add_(RIDGE * products.diagonal().mean())
    return rows - torch.linalg.solve(products, inputs @ rows.T).T @ inputs


def orthonormal(rows: torch.Tensor) -> torch.Tensor:
    return torch.linalg.qr(rows.T).Q.T


@torch.no_grad()
def visit_inputs(model: Any, layers: Any, texts: list[list[int]], visit: Callable[[str, torch.Tensor], None]) -> None:
    """Let the model read the first texts in one batch; `visit` gets each layer's name and inputs (tokens x in)."""
    longest, count = 0, 0
    while count < len(texts) and max(longest, len(texts[count])) * (count + 1) <= max(MOST_TOKENS, len(texts[0])):
        longest, count = max(longest, len(texts[count])), count + 1
    read = [torch.tensor(text) for text in texts[:count]]
    mask = pad_sequence([torch.ones_like(text) for text in read], batch_first=True).to(model.device)

    def hook(layer: str) -> Callable[..., None]:
        def visited(_: Any, arguments: tuple[torch.Tensor, ...]) -> None:
            inputs = arguments[0]
            if inputs.shape[:-1].numel() == mask.numel():  # else it does not see every token
                visit(layer, inputs.flatten(0, -2)[mask.flatten().bool()].float().cpu())

        return visited

    handles = [model.get_submodule(name).register_forward_pre_hook(hook(name)) for name in layers]
    try:
        layers_only = model.get_base_model().base_model  # without the LM head
        layers_only(pad_sequence(read, batch_first=True).to(model.device), attention_mask=mask, use_cache=False)
    finally:
        for handle in handles:
            handle.remove()


def calibration_texts(tokenizer: Any) -> list[list[int]]:
    """Token ids of general questions with their answers, as the model reads them in a chat."""
    examples = [json.loads(line) for _, line in read_lines(CALIBRATION)]
    return [each.input_ids for each in encode_all(examples, tokenizer, MOST_TOKENS)]
