"""LoRA initialisation: adapters respond to the examples, and hardly to general texts."""

import json

import pytest

from helpers.course_data.paths import DATA
from tests.local_training import needs_local_training, tiny_model, trainer_for

pytestmark = needs_local_training
SIZE, RANK = 48, 32
EXAMPLES = [json.loads(line) for line in (DATA / "mydata.jsonl").read_text("utf-8").splitlines()]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return tiny_model(tmp_path_factory.mktemp("tiny"))


@pytest.fixture
def texts():
    """A layer's activations: on examples (the first are the mixtures) and on general texts, with a common subspace."""
    import torch

    chance = torch.Generator().manual_seed(0)
    strengths = torch.tensor([30.0] * 4 + [1.0] * (SIZE - 4))
    general = torch.randn(400, SIZE, generator=chance) * strengths
    strengths[10:14] = 5.0  # what is the examples' own
    return torch.randn(1000, SIZE, generator=chance) * strengths, general


def response(matrix, activations):
    """The mean square of the responses of an adapter's rows to a layer's activations."""
    return (activations @ matrix.T).square().mean().item()


@pytest.fixture
def subspace(texts):
    import torch

    from helpers.practice.training.techniques.lora_init import general_subspace

    return general_subspace(texts[1], torch.Generator().manual_seed(0))


def test_the_general_subspace_is_projected_out(texts, subspace):
    import torch

    from helpers.practice.training.techniques.lora_init import RIDGE, project_out

    examples, general = texts
    moment = general.T @ general / len(general)
    ridge = RIDGE * moment.trace() / SIZE
    plainly = examples[:RANK] @ torch.linalg.inv(moment + ridge * torch.eye(SIZE)) * ridge
    assert (project_out(examples[:RANK], subspace) - plainly).norm() < 0.01 * plainly.norm()  # kept in half precision


def test_it_responds_to_examples_as_strongly_as_usual_and_to_general_texts_far_less(texts, subspace):
    import torch

    from helpers.practice.training.techniques.lora_init import initial_matrix

    examples, general = texts
    layer = torch.nn.Linear(SIZE, RANK, bias=False)
    torch.nn.init.kaiming_uniform_(layer.weight, a=5**0.5)  # as PEFT does
    usual, ours = layer.weight.detach(), initial_matrix(examples[:RANK], subspace)
    assert response(ours, examples[RANK:]) == pytest.approx(response(usual, examples[RANK:]), rel=0.5)
    assert response(ours, general) < 0.2 * response(usual, general)


def a_matrices(trainer):
    return [weight.detach().clone() for name, weight in trainer.model.named_parameters() if "lora_A" in name]


def test_every_layer_is_initialised_by_the_seed_and_the_output_stays_as_it_was(tiny, tmp_path, monkeypatch):
    import torch

    from helpers.practice.training import recipe

    first, same, other = (trainer_for(tiny, EXAMPLES, tmp_path / str(n), seed) for n, seed in enumerate((1, 1, 2)))
    monkeypatch.setattr(recipe, "initialise_lora", lambda *_: ({}, []))
    usual = trainer_for(tiny, EXAMPLES, tmp_path / "usual")
    for one, again, *others in zip(*map(a_matrices, (first, same, other, usual)), strict=True):
        torch.testing.assert_close(one, again)
        assert one.isfinite().all() and not any(torch.allclose(one, each) for each in others)
    ids = torch.arange(20)[None]
    with torch.no_grad():
        torch.testing.assert_close(first.model(input_ids=ids).logits, usual.model(input_ids=ids).logits)


def test_what_all_texts_begin_with_may_be_read_once_or_in_each_of_them(tiny, tmp_path, monkeypatch):
    import torch

    from helpers.practice.training import recipe
    from helpers.practice.training.speed import shared_prefix

    monkeypatch.setattr(recipe, "weights_dtype", lambda: torch.float32)
    once = trainer_for(tiny, EXAMPLES, tmp_path / "once")
    monkeypatch.setattr(shared_prefix, "can_share", lambda model: False)
    each = trainer_for(tiny, EXAMPLES, tmp_path / "each")
    for one, other in zip(a_matrices(once), a_matrices(each), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-2, atol=1e-3)
    for one, other in zip(once.replay.states, each.replay.states, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("count", [1, 2])
def test_examples_that_are_all_the_same_show_at_least_their_answer(tiny, tmp_path, count):
    trainer = trainer_for(tiny, EXAMPLES[:1] * count, tmp_path)
    assert all(weight.isfinite().all() and weight.any() for weight in a_matrices(trainer))


def test_of_long_examples_only_the_first_are_used():
    from helpers.practice.training.labels import Encoded
    from helpers.practice.training.techniques.lora_init import first_texts

    long, short = (Encoded([0] * tokens, [], cut=False) for tokens in (2000, 60))
    assert first_texts([long, short], 1000) == [long]
    assert first_texts([short] * 99, 1000) == [short] * 15  # of 64 tokens each
    assert first_texts([short] * 3, 1000) == [short] * 3


def test_a_layer_may_read_the_tokens_in_one_row_and_one_that_reads_only_some_is_left_alone(tiny, tmp_path, monkeypatch):
    import torch

    from helpers.practice.training import recipe
    from helpers.practice.training.techniques.lora_init import initialise_lora

    monkeypatch.setattr(recipe, "initialise_lora", lambda *_: ({}, []))
    trainer = trainer_for(tiny, EXAMPLES, tmp_path)
    before = [weight.clone() for weight in a_matrices(trainer)]
    texts = trainer.replay.texts
    for layer in trainer.model.get_base_model().model.layers:
        for name, pick in (("gate_proj", slice(None)), ("up_proj", slice(None)), ("down_proj", slice(9))):
            getattr(layer.mlp, name).register_forward_pre_hook(
                lambda _layer, given, pick=pick: (given[0].flatten(0, -2)[pick],)
            )
        layer.mlp.register_forward_hook(lambda _mlp, given, _result: torch.zeros_like(given[0]))  # of another shape
    shown, _states = initialise_lora(trainer.model, texts, texts, seed=1)
    names = [name for name, _ in trainer.model.named_parameters() if "lora_A" in name]
    for name, old, new in zip(names, before, a_matrices(trainer), strict=True):
        assert torch.equal(old, new) == ("down_proj" in name), name
    assert len(shown) == sum("down_proj" not in name for name in names)
    assert len(set(map(id, shown.values()))) < len(shown)  # the layers that read the same keep one copy
