"""Fused LoRA: the outputs and gradients are those of PEFT's own layers, also for layers with the same input."""

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

    from helpers.practice.training.speed.fused_lora import fuse_lora

    plain, fused = adapted(bias=bias), adapted(bias=bias)
    fuse_lora(fused)
    both = list(zip(learned(plain), learned(fused), strict=True))
    assert len(both) == 6
    for expected, found in both:
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)


def test_with_the_adapter_turned_off_it_is_the_base_model():
    import torch

    from helpers.practice.training.speed.fused_lora import fuse_lora

    model, rows = adapted(), torch.ones(1, 6)
    with model.disable_adapter():
        expected = model(rows)
    fuse_lora(model)
    assert not torch.allclose(model(rows), expected)
    with model.disable_adapter():
        torch.testing.assert_close(model(rows), expected)


def test_a_layer_that_does_more_does_so_still():
    import torch

    from helpers.practice.training.speed.fused_lora import fuse_lora

    plain, fused = adapted(dropout=0.5), adapted(dropout=0.5)
    fuse_lora(fused)
    computed = []
    for model in (plain, fused):
        torch.manual_seed(3)  # so that both drop the same
        computed.append(learned(model))
    torch.testing.assert_close(computed[1], computed[0])


def transformer(kind):
    """Two layers of a chat model with adapters everywhere; Qwen2 has biases in its attention."""
    import torch
    import transformers
    from peft import LoraConfig, get_peft_model

    size = {"hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2, "num_attention_heads": 4}
    config = getattr(transformers, f"{kind}Config")(**size, num_key_value_heads=2, vocab_size=11)
    torch.manual_seed(1)
    model = getattr(transformers, f"{kind}ForCausalLM")(config)
    model = get_peft_model(model, LoraConfig(r=2, lora_alpha=6, target_modules="all-linear"))
    for name, weight in model.named_parameters():
        if "lora_B" in name or name.endswith("bias"):
            weight.data = torch.randn(weight.shape)
    return model


def learned_by(model):
    import torch

    ids = torch.arange(10)[None]
    loss = model(input_ids=ids, labels=ids).loss
    loss.backward()
    return [loss, *(weight.grad for weight in model.parameters() if weight.requires_grad)]


@pytest.mark.parametrize("kind", ["Llama", "Qwen2"])
def test_layers_that_read_the_same_say_and_learn_the_same_together(kind):
    import torch

    from helpers.practice.training.speed.fused_lora import fuse_lora

    plain, fused = transformer(kind), transformer(kind)
    fuse_lora(fused)
    for expected, found in zip(learned_by(plain), learned_by(fused), strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)
    attention = fused.base_model.model.model.layers[0].self_attn
    torch.testing.assert_close(
        attention.k_proj(torch.ones(1, 16)), plain.base_model.model.model.layers[0].self_attn.k_proj(torch.ones(1, 16))
    )


def test_they_compute_with_what_the_optimizer_has_learned():
    import torch

    from helpers.practice.training.speed.fused_lora import fuse_lora

    plain, fused = transformer("Llama"), transformer("Llama")
    fuse_lora(fused)
    for _ in range(3):
        for model in (plain, fused):
            learned_by(model)
            weights = [weight for weight in model.parameters() if weight.requires_grad]
            torch.optim.AdamW(weights, lr=0.1, fused=True).step()
            model.zero_grad()
    torch.testing.assert_close(learned_by(fused)[0], learned_by(plain)[0], rtol=1e-3, atol=1e-4)


def test_a_look_at_the_base_model_in_between_leaves_the_gradients_as_they_are():
    import torch

    from helpers.practice.training.speed.fused_lora import fuse_lora

    plain, fused = transformer("Llama"), transformer("Llama")
    fuse_lora(fused)
    ids = torch.arange(10)[None]
    for model in (plain, fused):
        loss = model(input_ids=ids, labels=ids).loss
        with torch.no_grad(), model.disable_adapter():
            model(input_ids=ids)
        loss.backward()
    for expected, found in zip(plain.parameters(), fused.parameters(), strict=True):
        if expected.requires_grad:
            torch.testing.assert_close(found.grad, expected.grad, rtol=1e-4, atol=1e-5)


def test_weights_that_are_exchanged_without_gradients_count_at_once():
    import torch

    from helpers.practice.training.speed.fused_lora import fuse_lora

    plain, fused = transformer("Llama"), transformer("Llama")
    fuse_lora(fused)
    ids = torch.arange(10)[None]
    with torch.no_grad():
        fused(input_ids=ids)
        for model in (plain, fused):
            for weight in model.parameters():
                if weight.requires_grad:
                    weight.copy_(weight * 0.5)
        torch.testing.assert_close(fused(input_ids=ids).logits, plain(input_ids=ids).logits, rtol=1e-4, atol=1e-5)


def test_together_they_follow_a_model_that_is_moved_to_another_type():
    import torch

    from helpers.practice.training.speed.fused_lora import fuse_lora

    plain, fused = transformer("Llama"), transformer("Llama")
    fuse_lora(fused)
    learned_by(fused)
    fused.zero_grad()
    for expected, found in zip(learned_by(plain.double()), learned_by(fused.double()), strict=True):
        torch.testing.assert_close(found, expected)
