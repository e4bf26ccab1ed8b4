"""The server runs in the learner's kernel: it loads PyTorch when a model is asked, and leaves the kernel as it was."""

import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from helpers.course_data.paths import ROOT
from helpers.practice.settings import load_settings
from helpers.practice.store import Store
from tests.local_training import add_trained_job, needs_local_training, tiny_adapter, tiny_model

pytestmark = needs_local_training


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return tiny_model(tmp_path_factory.mktemp("tiny") / "tiny 模型")


@pytest.fixture
def home(tmp_path, tiny, monkeypatch):
    monkeypatch.setenv("PRACTICE_LOCAL_MODELS", f"tiny={tiny}")
    return tmp_path / "home 课程"


@pytest.fixture
def model_hub(monkeypatch):
    """What is asked of the model hub: a server of our own stands in for it."""
    asked = []

    class Hub(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_error(404)

        do_HEAD = do_GET

        def log_message(self, *_):
            """Not to the error output."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Hub) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
        yield asked
        server.shutdown()


def run(code, home):
    """In a process of its own, as in a fresh kernel."""
    ran = subprocess.run(
        [sys.executable, "-c", code, str(home)], cwd=ROOT, capture_output=True, text=True, encoding="utf-8"
    )
    assert ran.returncode == 0, ran.stderr
    return ran


CONNECTING = """
import sys, time
import openai
from helpers.practice import start_server

server = start_server(home=sys.argv[1])
client = openai.OpenAI(base_url=server.base_url, api_key=server.key)
assert [job.status for job in client.fine_tuning.jobs.list()] == ["succeeded"]
assert any(model.id.startswith("ft:tiny:") for model in client.models.list())
time.sleep(2)  # for whatever goes on in threads
print(sorted({"torch", "transformers", "peft"} & sys.modules.keys()))
"""


@pytest.mark.parametrize("settled", [True, False], ids=["seen to its end", "ended while nobody looked"])
def test_a_kernel_that_connects_loads_no_pytorch_because_a_job_has_ended_in_this_home(home, settled):
    add_trained_job(Store(load_settings(home)), settled=settled)
    assert run(CONNECTING, home).stdout.strip() == "[]"


ASKING = """
import gc, os, sys, warnings

import openai
import peft, torch, transformers  # before all else: what they change themselves when they are imported does not count
from helpers.practice import start_server
from transformers.utils import logging

def state():
    return {
        "environment": dict(os.environ),
        "warnings": list(warnings.filters),
        "garbage": (gc.isenabled(), gc.get_threshold(), gc.get_freeze_count() > 0),
        "threads": (torch.get_num_threads(), torch.get_num_interop_threads()),
        "type": torch.get_default_dtype(),
        "chance": torch.get_rng_state().tolist(),
        "gradients": torch.is_grad_enabled(),
        "bars": logging.is_progress_bar_enabled(),
        "verbosity": logging.get_verbosity(),
    }

gc.freeze()
before = state()
server = start_server(home=sys.argv[1])
client = openai.OpenAI(base_url=server.base_url, api_key=server.key, max_retries=0)
names = [model.id for model in client.models.list() if "tiny" in model.id]
hello = [{"role": "user", "content": "Hello"}]
for name in [*names, *names]:
    print(client.chat.completions.create(model=name, messages=hello, max_tokens=3).usage.completion_tokens > 0)
after = state()

def changed(old, new):
    return [name for name in {**old, **new} if old.get(name) != new.get(name)]

assert before == after, (changed(before, after), changed(before["environment"], after["environment"]))
assert logging.set_tqdm_hook(None) is None, "the learner's own progress bars are left alone"
"""


COMPUTING = """
import sys
from pathlib import Path
from helpers.practice.training.computer import Computer

Computer(Path(sys.argv[1])).chat("tiny")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="GNU's OpenMP is that of PyTorch on Linux")
def test_a_kernel_that_answers_leaves_the_cores_to_a_training_beside_it(home, monkeypatch):
    monkeypatch.setenv("OMP_DISPLAY_ENV", "VERBOSE")  # OpenMP writes down the settings that it has read
    assert "GOMP_SPINCOUNT = '1000'" in run(COMPUTING, home).stderr
    assert "GOMP_SPINCOUNT = '1000'" not in run("import torch", home).stderr


def test_a_question_changes_nothing_in_the_kernel_shows_nothing_and_asks_no_model_hub(home, tiny, model_hub):
    job = add_trained_job(Store(load_settings(home)))
    for step in (2, 4, 6):
        tiny_adapter(tiny, home / "training" / job.id / "checkpoints" / f"checkpoint-{step}", seed=step)
    ran = run(ASKING, home)
    assert ran.stdout.split() == ["True"] * 8  # the base model, two checkpoints and the model, twice each
    assert ran.stderr == ""
    assert model_hub == []


LOADING_BESIDE = """
import sys
from threading import Thread
from transformers import AutoModelForCausalLM
from helpers.practice.training.base_model import quietly

with quietly():
    AutoModelForCausalLM.from_pretrained(sys.argv[1])
    print("hidden", file=sys.stderr)
    learner = Thread(target=AutoModelForCausalLM.from_pretrained, args=sys.argv[1:])
    learner.start()
    learner.join()
"""


def test_the_progress_bar_of_a_model_that_the_learner_loads_meanwhile_is_shown(tiny):
    """Only those of the thread that loads for the server are hidden."""
    before, _, after = run(LOADING_BESIDE, tiny).stderr.partition("hidden")
    assert before == "" and "Loading weights" in after
