"""How fast is real training, against the plain example of TRL's documentation? Both in one run, on an idle computer.

    python -m tests.benchmarks.local_speed [--rounds 1]

Ours: from jobs.create to succeeded, through the server, with default settings. The yardstick: SFTTrainer in float32,
batch 1, the same examples, epochs and LoRA, in a process of its own. Peak memory is that of the training process with
its children.
"""

import argparse
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import openai
import psutil

from helpers.course_data.paths import DATA
from helpers.practice import start_server
from helpers.practice.training.base_model import unpacked
from helpers.practice.training.run_folder import TrainingFiles
from tests.local_training import MODEL, wait_for

YARDSTICK = """
import sys
from datasets import load_dataset
from peft import LoraConfig
from trl import SFTConfig, SFTTrainer

folder, data, output, epochs, rank, alpha, rate = sys.argv[1:]
SFTTrainer(
    model=folder,
    args=SFTConfig(
        output_dir=output, num_train_epochs=int(epochs), per_device_train_batch_size=1, learning_rate=float(rate),
        use_cpu=True, bf16=False, gradient_checkpointing=False, report_to=[], save_strategy="epoch",
        model_init_kwargs={"dtype": "float32"},
    ),
    train_dataset=load_dataset("json", data_files=data, split="train", cache_dir=output),
    peft_config=LoraConfig(r=int(rank), lora_alpha=int(alpha), target_modules="all-linear", task_type="CAUSAL_LM"),
).train()
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="course-", ignore_cleanup_errors=True) as folder:
        home = Path(folder) / "home"
        server = start_server(home=home)
        base = unpacked(home)  # done once for a home, so it is not part of the time
        client = openai.OpenAI(base_url=server.base_url, api_key=server.key)
        for number in range(options.rounds):
            ours, memory, epochs = train_ours(client, home)
            theirs, plain_memory = train_plainly(base, Path(folder) / f"plain-{number}", epochs)
            print(f"ours: {ours:.1f} s, {memory / 1e9:.2f} GB; plain: {theirs:.1f} s, {plain_memory / 1e9:.2f} GB")
            print(f"ratio: {theirs / ours:.2f}", flush=True)
        server.stop()


def train_ours(client: openai.OpenAI, home: Path) -> tuple[float, int, int]:
    """Seconds, bytes of memory at most, epochs."""
    file = client.files.create(file=DATA / "mydata.jsonl", purpose="fine-tune")
    begun = time.perf_counter()
    job = client.fine_tuning.jobs.create(model=MODEL, training_file=file.id, seed=1)
    peak = Peak(TrainingFiles(home, job.id).process())
    done = wait_for(client, job.id, "succeeded")
    return time.perf_counter() - begun, peak.stop(), done.hyperparameters.n_epochs


def train_plainly(base: Path, output: Path, epochs: int) -> tuple[float, int]:
    from helpers.practice.training.recipe import COURSE

    arguments = [base, DATA / "mydata.jsonl", output, epochs, COURSE.rank, COURSE.alpha, COURSE.learning_rate]
    begun = time.perf_counter()
    child = subprocess.Popen(
        [sys.executable, "-c", YARDSTICK, *map(str, arguments)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    peak = Peak(psutil.Process(child.pid))
    if child.wait() != 0:
        raise RuntimeError("the yardstick did not run")
    return time.perf_counter() - begun, peak.stop()


class Peak:
    """The most memory (resident, bytes) of a process and its children. Five looks a second: more would slow it down."""

    def __init__(self, process: psutil.Process) -> None:
        self.most, self._process, self._done = 0, process, threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def _look(self) -> None:
        while not self._done.wait(0.2):
            try:
                family = [self._process, *self._process.children(recursive=True)]
                self.most = max(self.most, sum(member.memory_info().rss for member in family))
            except psutil.NoSuchProcess:
                return

    def stop(self) -> int:
        self._done.set()
        self._thread.join()
        return self.most


if __name__ == "__main__":
    main()
