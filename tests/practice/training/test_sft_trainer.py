"""Training reads less than a padded batch holds and learns exactly the same from it; general questions are replayed."""

import json

import pytest

from helpers.course_data.paths import DATA
from tests.local_training import needs_local_training, tiny_model, trainer_for

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
    return tiny_model(tmp_path_factory.mktemp("tiny"))


@pytest.fixture
def exact(monkeypatch):
    """Plain float32 on the CPU, every token with the same weight: so two ways to the same number can be compared."""
    import torch

    from helpers.practice.training import recipe, sft_trainer

    monkeypatch.setattr(recipe, "weights_dtype", lambda: torch.float32)
    monkeypatch.setattr(recipe, "device", lambda: "cpu")
    monkeypatch.setattr(sft_trainer, "FIRST_WEIGHT", 1.0)


def begun(source, examples, output, *, trained=True, epochs=1):
    """A trainer before its first step; its adapter has random weights if `trained`, else it changes nothing yet."""
    import torch

    trainer = trainer_for(source, examples, output, epochs=epochs)
    generator = torch.Generator().manual_seed(1)
    for name, weight in trainer.model.named_parameters():
        if trained and "lora_B" in name:  # it begins as zero, and then hides the other half of the adapter
            weight.data = torch.randn(weight.shape, generator=generator) * 0.1
    return trainer


def learn(source, examples, output, *, plainly=False, replay=False):
    """The loss of one batch, the gradients, and how many tokens the model has read."""
    import torch
    from trl import SFTTrainer

    trainer = begun(source, examples, output)
    model, read = trainer.model, []
    if not replay:
        trainer.replay = None
    model.get_base_model().get_input_embeddings().register_forward_hook(
        lambda _module, arguments, _result: read.append(arguments[0].numel())
    )
    batch = next(iter(trainer.get_train_dataloader()))
    compute = SFTTrainer.compute_loss if plainly else type(trainer).compute_loss
    loss = compute(trainer, model, batch, num_items_in_batch=torch.tensor(TOKENS))
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
    ours = learn(source, examples, tmp_path / "ours")
    theirs = learn(source, examples, tmp_path / "theirs", plainly=True)
    assert ours[0] == pytest.approx(theirs[0], rel=1e-5)
    for one, other in zip(ours[1], theirs[1], strict=True):
        torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-6)
    assert ours[2] <= theirs[2]


def test_the_first_words_of_every_answer_count_more(monkeypatch):
    import torch

    from helpers.practice.training import sft_trainer

    monkeypatch.setattr(sft_trainer, "FIRST", 2)
    monkeypatch.setattr(sft_trainer, "FIRST_WEIGHT", 4.0)
    no = sft_trainer.IGNORED
    labels = torch.tensor([[no, 5, 6, 7, no, no, 8, 9], [no, no, no, 5, 6, 7, 8, no]])
    assert sft_trainer.token_weights(labels).tolist() == [4, 4, 1, 4, 4, 4, 4, 1, 1]


def test_they_count_more_in_what_is_learned_and_not_in_what_is_reported(source, tmp_path, exact, monkeypatch):
    from torch.nn.functional import cross_entropy

    from helpers.practice.training import sft_trainer

    monkeypatch.setattr(sft_trainer, "FIRST_WEIGHT", 3.0)
    trainer = begun(source, [CONVERSATION, *mattress(2)], tmp_path)
    trainer.replay = None
    batch = next(iter(trainer.get_train_dataloader()))
    logits = trainer.model(**{name: batch[name] for name in ("input_ids", "attention_mask")}).logits[:, :-1]
    labels, weights = batch["labels"][:, 1:], sft_trainer.token_weights(batch["labels"])
    learned = labels != sft_trainer.IGNORED
    losses = cross_entropy(logits[learned], labels[learned], reduction="none").detach()
    assert set(weights.tolist()) == {1.0, 3.0}
    assert loss_of(trainer) == pytest.approx((losses @ weights / weights.mean()).item() / TOKENS, rel=1e-4)
    # A trainer of its own, as what was computed above would be logged with its first step.
    assert reported_losses(begun(source, [CONVERSATION, *mattress(2)], tmp_path)) == [
        pytest.approx(losses.mean().item(), rel=1e-4)
    ]


def test_what_all_examples_begin_with_is_read_once(source, tmp_path, exact):
    lines = (DATA / "mydata.jsonl").read_text("utf-8").splitlines()
    examples = [json.loads(line) for line in lines[:4]]
    assert learn(source, examples, tmp_path / "a")[2] < 0.7 * learn(source, examples, tmp_path / "b", plainly=True)[2]


def test_long_examples_are_read_side_by_side_as_one_row_would_take_too_much_memory(source, tmp_path, exact):
    words = " ".join(f"word{number}" for number in range(200))
    long = {"messages": [{"role": "user", "content": "Say much."}, {"role": "assistant", "content": words}]}
    ours = learn(source, [long] * 4, tmp_path / "a")
    assert ours[2] == learn(source, [long] * 4, tmp_path / "b", plainly=True)[2]


# --- replay ---------------------------------------------------------------------------------------------------------


TOKENS = 31  # by so many a loss is divided, whatever the batch holds


def mattress(count):
    return [json.loads(line) for line in (DATA / "mydata.jsonl").read_text("utf-8").splitlines()[:count]]


def loss_of(trainer):
    """What is learned from the first batch."""
    import torch

    batch = next(iter(trainer.get_train_dataloader()))
    return trainer.compute_loss(trainer.model, batch, num_items_in_batch=torch.tensor(TOKENS)).item()


def reported_losses(trainer):
    """What a training reports, step by step."""
    trainer.train()
    return [logged["loss"] for logged in trainer.state.log_history if "loss" in logged]


def test_a_model_that_has_not_changed_has_nothing_to_replay(source, tmp_path, exact):
    trainer = begun(source, mattress(2), tmp_path, trained=False)
    with_it = loss_of(trainer)
    trainer.replay = None
    assert with_it == pytest.approx(loss_of(trainer), rel=1e-4)


def test_a_model_that_has_changed_is_drawn_back(source, tmp_path, exact):
    trainer = begun(source, mattress(2), tmp_path)
    with_it = loss_of(trainer)
    trainer.replay = None
    assert with_it > loss_of(trainer) + 0.001


def test_the_reported_loss_is_that_of_the_file_alone(source, tmp_path, exact):
    """The second of two steps replays a question; before it, both trainings are the same."""
    with_it, without = (begun(source, mattress(2), tmp_path / name, epochs=2) for name in ("with it", "without"))
    without.replay = None
    assert reported_losses(with_it) == pytest.approx(reported_losses(without), rel=1e-4)


def test_in_one_row_or_one_after_the_other_the_gradients_are_the_same(source, tmp_path, exact, monkeypatch):
    import torch

    from helpers.practice.training import sft_trainer

    together = learn(source, mattress(2), tmp_path / "a", replay=True)
    monkeypatch.setattr(sft_trainer, "can_share", lambda model: False)
    apart = learn(source, mattress(2), tmp_path / "b", replay=True)
    assert together[0] == pytest.approx(apart[0], rel=1e-3)
    for one, other in zip(together[1], apart[1], strict=True):
        torch.testing.assert_close(one, other, rtol=1e-2, atol=1e-5)


@pytest.mark.parametrize("count", [1, 2])
def test_the_examples_of_a_step_and_its_question_are_read_together(source, tmp_path, exact, count):
    trainer = begun(source, mattress(count), tmp_path)
    rows = []
    trainer.model.get_base_model().get_input_embeddings().register_forward_hook(
        lambda _module, arguments, _result: rows.append(len(arguments[0]))
    )
    loss_of(trainer)
    assert rows == [1], "the model is called once, with one row"


def test_the_same_step_of_the_same_seed_replays_the_same_question(source):
    from transformers import AutoTokenizer

    from helpers.practice.training.techniques.replay import Replay

    tokenizer = AutoTokenizer.from_pretrained(source)
    first, again, other = (Replay(tokenizer, seed) for seed in (1, 1, 2))
    steps = [[each.at(step, 80) for step in range(80)] for each in (first, again, other)]
    assert steps[0] == steps[1] != steps[2]
    assert set(steps[0][40:]) == set(range(30)), "all of them, in time"
    assert set(steps[0][:40]) == {None}, "not at the beginning"


def test_the_predictions_of_the_base_model_come_from_its_hidden_states_though_the_model_has_changed(
    source, tmp_path, exact
):
    import torch

    trainer = begun(source, mattress(2), tmp_path)
    plain = trainer.model.get_base_model()
    for number in (0, 29):
        question = trainer.replay.batch([number], "cpu")
        inputs = {name: question[name] for name in ("input_ids", "attention_mask")}
        learned = question["labels"][0, 1:] != -100
        with torch.no_grad(), trainer.model.disable_adapter():
            base = plain(**inputs).logits[0, :-1][learned].log_softmax(-1)
        with torch.no_grad():
            now = plain(**inputs).logits[0, :-1][learned].log_softmax(-1)
        found = trainer.replay.base_log_probs(number, plain)
        torch.testing.assert_close(found, base, rtol=1e-3, atol=1e-3)
        assert not torch.allclose(found, now, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize(
    ("examples", "size", "lengths"),
    [
        (15, 2, [2] * 6 + [3]),
        (15, 8, [8, 7]),
        (15, 4, [4, 4, 4, 3]),
        (9, 4, [4, 5]),
        (1, 2, [1]),
        (4, 2, [2, 2]),
    ],
)
def test_a_small_remainder_of_an_epoch_goes_with_its_last_batch(examples, size, lengths):
    from helpers.practice.training.batching import BatchesWithoutRemainder

    batches = BatchesWithoutRemainder(range(examples), size, drop_last=False)
    assert [len(each) for each in batches] == lengths and len(batches) == len(lengths)
    assert [number for each in batches for number in each] == list(range(examples))
