"""After its first steps a training says how long it will take."""

import time
from types import SimpleNamespace

import pytest

from tests.local_training import needs_local_training

pytestmark = needs_local_training


@pytest.fixture
def run(monkeypatch):
    """What is told in a training with so many steps of half a second."""
    from helpers.practice.training import time_ahead

    def train(steps, validated=0, epochs=1, share=0.0):
        now, told = [0.0], []
        monkeypatch.setattr(time_ahead.time, "perf_counter", lambda: now[0])
        monkeypatch.setattr(time_ahead.OthersAtWork, "share", lambda _: share)
        callback = time_ahead.TimeAhead(validated, lambda seconds, text: told.append((seconds, text)))
        state, args = SimpleNamespace(global_step=0, max_steps=steps), SimpleNamespace(num_train_epochs=epochs)
        for step in range(steps):
            callback.on_step_begin(args, state, None)
            now[0] += 9.0 if step == 0 else 0.5  # the first one takes longer
            state.global_step += 1
            callback.on_step_end(args, state, None)
        return told

    return train


def test_it_is_told_once_from_the_steps_after_the_first(run):
    [(seconds, text)] = run(steps=104)
    assert seconds == pytest.approx(50.0)
    assert text == "About 50 seconds of training are left on this computer, as the first steps have shown"


def test_validation_counts(run):
    [(seconds, _)] = run(steps=104, validated=30, epochs=2)
    assert seconds == pytest.approx(60.0)


def test_a_processor_that_others_use_is_said(run):
    [(_, text)] = run(steps=104, share=0.6)
    assert text.endswith("other programs are using the processor, so it may take longer")


def test_of_a_training_of_a_few_steps_nothing_is_told(run):
    assert run(steps=4) == []


def test_what_this_process_computes_is_not_that_of_others():
    from helpers.practice.training.time_ahead import OthersAtWork

    others, end = OthersAtWork(), time.monotonic() + 0.5
    while time.monotonic() < end:
        sum(range(1000))
    assert -0.2 < others.share() <= 1.0
