"""A matrix and its adapter as one operation: the same answers and gradients as PEFT's own layer."""

import pytest

from tests.local_training import needs_local_training

pytestmark = needs_local_training


def adapted(*, bias=False, dropout=0.0):
    """A small network with a LoRA adapter whose weights are not zero, always the same one."""
    import torch
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(1)
    network = torch.nn.Sequential(torch.nn.Linear(6, 8, bias=bias), torch.nn.Tanh(), torch.nn.Linear(8, 5, bias=bias))
    model = get_peft_model(network, LoraConfig(r=2, lora_alpha=6, target_modules=["0", "2"], lora_dropout=dropout))
    for name, weight in model.named_parameters():
        if "lora_B" in name:
            weight.data = torch.randn(weight.shape)
    return model


def learned(model):
    """What it says of three times four rows, and the gradients of its adapters and of the rows."""
    import torch

    rows = torch.randn(3, 4, 6, generator=torch.Generator().manual_seed(2)).requires_grad_()
    said = model(rows)
    said.square().sum().backward()
    return [said, rows.grad, *(weight.grad for weight in model.parameters() if weight.requires_grad)]


@pytest.mark.parametrize("bias", [False, True])
def test_it_says_and_learns_the_same(bias):
    import torch

    from helpers.practice.lora_product import write_out

    plain, written = adapted(bias=bias), adapted(bias=bias)
    write_out(written)
    assert all("forward" in vars(written.base_model.model[place]) for place in (0, 2)), "both layers are written out"
    both = list(zip(learned(plain), learned(written), strict=True))
    assert len(both) == 6
    for expected, found in both:
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)


def test_with_the_adapter_turned_off_it_is_the_base_model():
    import torch

    from helpers.practice.lora_product import write_out

    model, rows = adapted(), torch.ones(1, 6)
    with model.disable_adapter():
        expected = model(rows)
    write_out(model)
    assert not torch.allclose(model(rows), expected)
    with model.disable_adapter():
        torch.testing.assert_close(model(rows), expected)


def test_a_layer_that_does_more_is_left_as_it_is():
    from helpers.practice.lora_product import write_out

    model = adapted(dropout=0.5)
    write_out(model)
    assert "forward" not in vars(model.base_model.model[0])
