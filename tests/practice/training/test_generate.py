"""Models that were really trained, in memory: several are loaded side by side."""

import json
from concurrent.futures import ThreadPoolExecutor

from helpers.course_data.paths import DATA
from helpers.practice.engine import ChatRequest
from tests.local_training import needs_local_training, tiny_model, trainer_for

pytestmark = needs_local_training
TIMES = 12


def test_models_and_adapters_may_be_loaded_at_the_same_time(tmp_path, monkeypatch):
    source = tiny_model(tmp_path / "model")
    monkeypatch.setenv("PRACTICE_LOCAL_MODELS", f"tiny={source}")
    examples = [json.loads(line) for line in (DATA / "mydata.jsonl").read_text("utf-8").splitlines()[:2]]
    adapter = tmp_path / "adapter"
    trainer_for(source, examples, tmp_path / "training").model.save_pretrained(adapter)
    from helpers.practice.training.generate import LocalChat

    request = ChatRequest(model="tiny", messages=[{"role": "user", "content": "Hi"}], max_tokens=1, temperature=0)

    def load(_number):
        LocalChat(tmp_path).load("tiny")

    def answer(_number):
        return "".join(LocalChat(tmp_path).reply("tiny", adapter, request))

    with ThreadPoolExecutor(2) as threads:
        loaded, answers = threads.map(load, range(TIMES)), threads.map(answer, range(TIMES))
        assert len(list(loaded)) == TIMES and len(set(answers)) == 1
