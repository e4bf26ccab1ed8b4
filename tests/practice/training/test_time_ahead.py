"""Before a training begins, one step on trial says how long it will take."""

import time

import pytest

from tests.local_training import needs_local_training, tiny_model, trainer_for

pytestmark = needs_local_training
EXAMPLE = {"messages": [{"role": "user", "content": "Is it soft?"}, {"role": "assistant", "content": "It is soft."}]}


@pytest.fixture
def make(tmp_path):
    source = tiny_model(tmp_path / "model")
    return lambda epochs: trainer_for(source, [EXAMPLE] * 4, tmp_path / "output", epochs=epochs)


def test_the_time_grows_with_the_epochs(make, monkeypatch):
    from helpers.practice.training import time_ahead

    monkeypatch.setattr(time_ahead, "_on_trial", lambda trainer, inputs: 0.5)
    assert [time_ahead.measure(make(epochs)).seconds for epochs in (1, 10)] == [0.5, 5.0]


def test_a_step_on_trial_leaves_weights_gradients_and_chance_as_they_were(make):
    import torch

    from helpers.practice.training.time_ahead import measure

    trainer = make(1)
    before = {name: weight.detach().clone() for name, weight in trainer.model.named_parameters()}
    chance = torch.random.get_rng_state()
    assert measure(trainer).seconds > 0
    torch.testing.assert_close(dict(trainer.model.named_parameters()), before)
    assert not any(weight.grad is not None and weight.grad.any() for weight in trainer.model.parameters())
    assert torch.equal(torch.random.get_rng_state(), chance)


@pytest.mark.parametrize(("share", "busy"), [(0.1, False), (0.6, True)])
def test_a_processor_that_others_use_is_said(make, monkeypatch, share, busy):
    from helpers.practice.training import time_ahead

    monkeypatch.setattr(time_ahead.OthersAtWork, "share", lambda _: share)
    ahead = time_ahead.measure(make(1))
    assert ahead.busy is busy and ("other programs" in str(ahead)) is busy


def test_what_this_process_computes_is_not_that_of_others():
    from helpers.practice.training.time_ahead import OthersAtWork

    others, end = OthersAtWork(), time.monotonic() + 0.5
    while time.monotonic() < end:
        sum(range(1000))
    assert -0.2 < others.share() <= 1.0
