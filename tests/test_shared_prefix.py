"""Training reads less than a padded batch holds, and learns exactly the same from it."""

import json
from types import SimpleNamespace

import pytest

from tests.conftest import DATA
from tests.local_training import needs_local_training

pytestmark = needs_local_training
SYSTEM = json.loads((DATA / "mydata.jsonl").read_text("utf-8").splitlines()[0])["messages"][0]
CONVERSATION = {
    "messages": [
        SYSTEM,
        {"role": "user", "content": "Is it soft?"},
        {"role": "assistant", "content": "No.", "weight": 0},
        {"role": "user", "content": "Is it firm, and does it fit my bed?"},
        {"role": "assistant", "content": "It is medium-firm, and it fits."},
    ]
}
ALONE = {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello, how can I help?"}]}
SAME = json.loads((DATA / "mydata.jsonl").read_text("utf-8").splitlines()[0])


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """A small random model with the real tokenizer."""
    from helpers.practice.local_model import gguf_file, prepare_libraries

    prepare_libraries()
    from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

    folder = tmp_path_factory.mktemp("tiny")
    tokenizer = AutoTokenizer.from_pretrained(gguf_file().parent, gguf_file=gguf_file().name)
    size = {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 3, "num_attention_heads": 4}
    config = LlamaConfig(**size, num_key_value_heads=2, vocab_size=len(tokenizer), eos_token_id=2)
    tokenizer.save_pretrained(folder)
    LlamaForCausalLM(config).save_pretrained(folder)
    return str(folder)


@pytest.fixture
def exact(monkeypatch):
    """Plain float32 on the CPU, where two ways to the same number can be compared."""
    import torch

    from helpers.practice import recipe

    monkeypatch.setattr(recipe, "weights_dtype", lambda: torch.float32)
    monkeypatch.setattr(recipe, "device", lambda: "cpu")


def learn(source, examples, output, *, plainly):
    """The loss of one batch, the gradients, and how many tokens the model has read."""
    import torch
    from trl import SFTTrainer

    from helpers.practice.recipe import make_trainer

    settings = {"n_epochs": 1, "batch_size": len(examples), "learning_rate_multiplier": 1.0}
    job = SimpleNamespace(method={"type": "supervised"}, plan={"hyperparameters": settings}, seed=1)
    trainer, _ = make_trainer(job, source, examples, None, output)
    model, read = trainer.model, []
    generator = torch.Generator().manual_seed(1)
    for name, weight in model.named_parameters():
        if "lora_B" in name:  # it begins as zero, and then hides the other half of the adapter
            weight.data = torch.randn(weight.shape, generator=generator) * 0.1
    model.get_base_model().get_input_embeddings().register_forward_hook(
        lambda _module, arguments, _result: read.append(arguments[0].numel())
    )
    batch = next(iter(trainer.get_train_dataloader()))
    compute = SFTTrainer.compute_loss if plainly else type(trainer).compute_loss
    loss = compute(trainer, model, batch, num_items_in_batch=torch.tensor(31))
    loss.backward()
    return loss.item(), [weight.grad for weight in model.parameters() if weight.requires_grad], read[0]


@pytest.mark.parametrize("case", ["mattress", "conversations", "nothing alike", "the same twice"])
def test_the_loss_and_every_gradient_are_those_of_plain_training(source, tmp_path, exact, case):
    import torch

    lines = (DATA / "mydata.jsonl").read_text("utf-8").splitlines()
    mattress = [json.loads(line) for line in lines[:4]]
    examples = {
        "mattress": mattress,
        "conversations": [CONVERSATION, *mattress[:3]],
        "nothing alike": [ALONE, *mattress[:3]],
        "the same twice": [SAME, SAME],
    }[case]
    ours = learn(source, examples, tmp_path / "ours", plainly=False)
    theirs = learn(source, examples, tmp_path / "theirs", plainly=True)
    assert ours[0] == pytest.approx(theirs[0], rel=1e-5)
    for one, other in zip(ours[1], theirs[1], strict=True):
        torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-6)
    assert ours[2] <= theirs[2]


def test_what_all_examples_begin_with_is_read_once(source, tmp_path, exact):
    lines = (DATA / "mydata.jsonl").read_text("utf-8").splitlines()
    examples = [json.loads(line) for line in lines[:4]]
    assert learn(source, examples, tmp_path / "a", plainly=False)[2] < 0.7 * learn(
        source, examples, tmp_path / "b", plainly=True
    )[2]


def test_long_examples_are_read_side_by_side_as_one_row_would_take_too_much_memory(source, tmp_path, exact):
    words = " ".join(f"word{number}" for number in range(200))
    long = {"messages": [{"role": "user", "content": "Say much."}, {"role": "assistant", "content": words}]}
    ours = learn(source, [long] * 4, tmp_path / "a", plainly=False)
    assert ours[2] == learn(source, [long] * 4, tmp_path / "b", plainly=True)[2]
