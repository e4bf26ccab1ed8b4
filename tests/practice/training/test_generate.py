"""Models that were really trained, in memory: several are loaded side by side, and those asked long ago make room."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from helpers.practice.engine import ChatRequest
from tests.local_training import needs_local_training, tiny_adapter

pytestmark = [needs_local_training, pytest.mark.usefixtures("tiny_is_offered")]
TIMES = 12
REQUEST = ChatRequest(model="tiny", messages=[{"role": "user", "content": "Hi"}], max_tokens=5, temperature=0)


def test_models_and_adapters_may_be_loaded_at_the_same_time(tiny, tmp_path):
    from helpers.practice.training.generate import LocalChat

    adapter = tiny_adapter(tiny, tmp_path / "adapter")

    def load(_number):
        LocalChat(tmp_path).load("tiny")

    def answer(_number):
        return "".join(LocalChat(tmp_path).reply("tiny", adapter, REQUEST))

    with ThreadPoolExecutor(2) as threads:
        loaded, answers = threads.map(load, range(TIMES)), threads.map(answer, range(TIMES))
        assert len(list(loaded)) == TIMES and len(set(answers)) == 1


def test_only_the_adapters_asked_last_stay_in_memory_and_one_that_made_room_answers_as_before(tiny, tmp_path):
    from helpers.practice.training.generate import KEPT_ADAPTERS, LocalChat

    adapters = [tiny_adapter(tiny, tmp_path / str(seed), seed) for seed in range(KEPT_ADAPTERS + 2)]
    chat = LocalChat(tmp_path)
    loaded = chat.load("tiny")
    size = sum(1 for _ in loaded.model.parameters())

    def answer(adapter):
        return "".join(chat.reply("tiny", adapter, REQUEST))

    base, first = answer(None), answer(adapters[0])
    one = sum(1 for _ in loaded.model.parameters()) - size
    answers = [answer(adapter) for adapter in adapters]
    assert answers[0] == first and len({base, *answers}) == len(adapters) + 1, "each has words of its own"
    assert loaded.adapters == adapters[-KEPT_ADAPTERS:]
    assert sum(1 for _ in loaded.model.parameters()) == size + KEPT_ADAPTERS * one, "what made room is gone"
    assert [answer(adapter) for adapter in adapters] == answers and answer(None) == base
    answer(adapters[2])  # asked again, it is kept, though it was loaded long ago
    answer(adapters[0])
    assert loaded.adapters[-2:] == [adapters[2], adapters[0]]


def test_answers_that_go_on_keep_their_adapters_and_the_next_question_makes_room(tiny, tmp_path):
    from helpers.practice.training.generate import KEPT_ADAPTERS, LocalChat

    adapters = [tiny_adapter(tiny, tmp_path / str(seed), seed) for seed in range(KEPT_ADAPTERS + 2)]
    chat = LocalChat(tmp_path)
    alone = ["".join(chat.reply("tiny", adapter, REQUEST)) for adapter in adapters]
    running = [iter(chat.reply("tiny", adapter, REQUEST)) for adapter in adapters]
    begun = [next(answer) for answer in running]
    loaded = chat.load("tiny")
    assert loaded.adapters == adapters
    chat.forget("tiny", adapters[1])  # its model is deleted, but it is just answering
    assert [first + "".join(rest) for first, rest in zip(begun, running, strict=True)] == alone
    "".join(chat.reply("tiny", adapters[-1], REQUEST))
    assert loaded.adapters == adapters[-KEPT_ADAPTERS:]


def test_a_forgotten_adapter_is_out_of_memory(tiny, tmp_path):
    from helpers.practice.training.generate import LocalChat

    adapters = [tiny_adapter(tiny, tmp_path / str(seed), seed) for seed in range(2)]
    chat = LocalChat(tmp_path)
    chat.forget("tiny", adapters[0])  # nothing is loaded yet
    base = "".join(chat.reply("tiny", None, REQUEST))
    for adapter in adapters:
        "".join(chat.reply("tiny", adapter, REQUEST))
    for left, adapter in ([adapters[0]], adapters[1]), ([], adapters[0]):
        chat.forget("tiny", adapter)
        assert chat.load("tiny").adapters == left
    assert "".join(chat.reply("tiny", None, REQUEST)) == base
