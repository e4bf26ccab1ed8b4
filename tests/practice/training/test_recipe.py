"""Which parts of a model get an adapter."""

import pytest

from tests.local_training import needs_local_training

pytestmark = needs_local_training


@pytest.mark.parametrize(("layers", "adapted"), [(10, range(2, 10)), (2, range(2))])
def test_the_lowest_fifth_of_the_layers_gets_no_adapter(layers, adapted):
    import re

    from peft import LoraConfig, get_peft_model
    from transformers import LlamaConfig, LlamaForCausalLM

    from helpers.practice.training.recipe import _lowest

    size = {"hidden_size": 16, "intermediate_size": 24, "num_attention_heads": 4, "num_key_value_heads": 2}
    model = LlamaForCausalLM(LlamaConfig(**size, num_hidden_layers=layers, vocab_size=11))
    model = get_peft_model(model, LoraConfig(r=2, target_modules="all-linear", exclude_modules=_lowest(layers)))
    found = {int(re.search(r"layers\.(\d+)\.", name)[1]) for name, _ in model.named_parameters() if "lora" in name}
    assert found == set(adapted)
