"""Adapters that begin in the null space of general texts respond to the examples, and hardly to other texts."""

import pytest

from tests.local_training import needs_local_training

pytestmark = needs_local_training
EXAMPLES = [[5, 6, 7, 8, 9], [5, 6, 10, 11], [12, 13, 14]]
GENERAL = [[100, 101, 102, 103], [104, 105, 106]]


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    from tests.local_training import tiny_model

    return tiny_model(tmp_path_factory.mktemp("model"), layers=2)


@pytest.fixture
def model(source):
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM, set_seed

    set_seed(1)
    base = AutoModelForCausalLM.from_pretrained(source)
    return get_peft_model(base, LoraConfig(r=4, target_modules="all-linear", task_type="CAUSAL_LM"))


def a_matrices(model):
    return {name: weight.detach().clone() for name, weight in model.named_parameters() if "lora_A" in name}


def responses(model, texts):
    """The mean square of what each A matrix makes of its layer's inputs, by layer."""
    from helpers.practice.training.null_space import visit_inputs

    matrices = {name.split(".lora_A.")[0]: weight for name, weight in a_matrices(model).items()}
    found = {}

    def visit(layer, inputs):
        found[layer] = (inputs @ matrices[layer].T).square().mean().item()

    visit_inputs(model, matrices, texts, visit)
    return found


def begin(model, seed=1):
    from helpers.practice.training.null_space import begin_in_null_space

    begin_in_null_space(model, EXAMPLES, GENERAL, seed)
    return a_matrices(model)


def test_every_adapter_responds_to_the_examples_and_hardly_to_general_texts(model):
    before = responses(model, EXAMPLES), responses(model, GENERAL)
    assert 0.3 < sum(before[1].values()) / sum(before[0].values()) < 3, "PEFT's own respond to both alike"
    begin(model)
    to_examples, to_general = responses(model, EXAMPLES), responses(model, GENERAL)
    assert len(to_examples) == 14
    for layer, strength in to_examples.items():
        assert to_general[layer] < 0.01 * strength, layer


def test_a_matrices_are_as_large_as_before_their_rows_orthogonal_and_they_are_not_learned(model):
    import torch

    before = a_matrices(model)
    for name, matrix in begin(model).items():
        assert matrix.norm().item() == pytest.approx(before[name].norm().item(), rel=1e-4)
        products = matrix @ matrix.T
        torch.testing.assert_close(products, products.diagonal().diag(), atol=1e-5, rtol=0)
    assert all("lora_B" in name for name, weight in model.named_parameters() if weight.requires_grad)


def test_what_the_model_answers_is_not_changed_by_it(model):
    import torch

    ids = torch.tensor([EXAMPLES[0]])
    before = model(input_ids=ids).logits
    begin(model)
    torch.testing.assert_close(model(input_ids=ids).logits, before)


def test_the_same_seed_gives_the_same_matrices_and_another_one_others(model):
    import torch

    first, second, other = begin(model), begin(model), begin(model, seed=2)
    torch.testing.assert_close(first, second)
    assert all((first[name] - other[name]).abs().max() > 0.01 for name in first)


def test_padding_is_no_input(model):
    from helpers.practice.training.null_space import visit_inputs

    layer = "base_model.model.model.layers.0.self_attn.q_proj"
    seen = []
    visit_inputs(model, [layer], EXAMPLES, lambda _, inputs: seen.append(inputs))
    assert seen[0].shape == (sum(map(len, EXAMPLES)), 64)


def test_of_many_texts_the_first_are_read_and_of_one_long_text_all(model, monkeypatch):
    from helpers.practice.training import null_space

    monkeypatch.setattr(null_space, "MOST_TOKENS", 10)
    layer = "base_model.model.model.layers.0.self_attn.q_proj"
    seen = []
    for texts in (EXAMPLES, [[7] * 30, [8]]):
        null_space.visit_inputs(model, [layer], texts, lambda _, inputs: seen.append(len(inputs)))
    assert seen == [9, 30]
