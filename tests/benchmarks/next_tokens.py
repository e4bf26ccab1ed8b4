"""How a loss turns into fewer surprises: the probability of each right next token of one answer, before and after a
training of the small model on the fifteen examples of the course, with default settings.

    python -m tests.benchmarks.next_tokens

Writes data/next_tokens.json, which `show_surprises` of notebook 03 draws. Takes one training: one to three minutes on
two cores.
"""

import json
import os
import platform
import tempfile
from datetime import date
from pathlib import Path
from typing import Any

import openai
import torch
import transformers
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

from helpers.course_data.paths import DATA
from helpers.data_format import read
from helpers.practice import start_server
from helpers.practice.training.base_model import unpacked, weights_dtype
from helpers.practice.training.labels import IGNORED, encode
from helpers.take_away import take_away
from tests.local_training import MODEL, wait_for

OUTPUT = DATA / "next_tokens.json"
TRAINING = "mydata.jsonl"
QUESTION = "How long is the warranty?"
LIMIT = 512  # tokens; the example is far shorter
COMMAND = "python -m tests.benchmarks.next_tokens"


def main() -> None:
    example = next(row for row in read(DATA / TRAINING) if row["messages"][-2]["content"] == QUESTION)
    with tempfile.TemporaryDirectory(prefix="course-", ignore_cleanup_errors=True) as home:
        os.environ["COURSE_WORKSPACE"] = str(Path(home) / "workspace")  # where the model is taken away to
        server = start_server(home=home)
        client = openai.OpenAI(base_url=server.base_url, api_key=server.key)
        base, adapter = unpacked(Path(home)), trained(client)
        tokenizer = AutoTokenizer.from_pretrained(base)
        model = AutoModelForCausalLM.from_pretrained(base, dtype=weights_dtype()).eval()
        before = right_next_tokens(model, tokenizer, example)
        after = right_next_tokens(PeftModel.from_pretrained(model, adapter).eval(), tokenizer, example)
        server.stop()
    measured = {
        "model": MODEL,
        "training_file": f"data/{TRAINING}",
        "question": QUESTION,
        "command": COMMAND,
        "date": date.today().isoformat(),
        "machine": f"{os.cpu_count()} CPU cores, {platform.system()} {platform.machine()}",
        "versions": f"torch {torch.__version__.partition('+')[0]}, transformers {transformers.__version__}",
        "tokens": [text for text, _ in before],
        "before": [share for _, share in before],
        "after": [share for _, share in after],
    }
    OUTPUT.write_text(json.dumps(measured, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print(OUTPUT.read_text(encoding="utf-8"))


def trained(client: openai.OpenAI) -> Path:
    """The folder with what one training with default settings has learned."""
    file = client.files.create(file=DATA / TRAINING, purpose="fine-tune")
    job = client.fine_tuning.jobs.create(model=MODEL, training_file=file.id, seed=1)
    model = wait_for(client, job.id, "succeeded", seconds=3600).fine_tuned_model
    # The server loads the new model in a thread. Wait for it: Transformers cannot load two at the same time.
    client.chat.completions.create(model=model, messages=[{"role": "user", "content": QUESTION}], max_tokens=1)
    return take_away(client, model).folder


def right_next_tokens(model: Any, tokenizer: Any, example: dict[str, Any]) -> list[tuple[str, float]]:
    """Each learned token of an example, and the probability that the model gave to it after all that stands before."""
    encoded = encode(example["messages"], tokenizer, LIMIT)
    ids = torch.tensor([encoded.input_ids])
    with torch.inference_mode():
        probabilities = model(input_ids=ids).logits[0].float().softmax(-1)
    learned = [place for place, label in enumerate(encoded.labels) if label != IGNORED]
    tokens = [encoded.input_ids[place] for place in learned]
    shares = [float(probabilities[place - 1, token]) for place, token in zip(learned, tokens, strict=True)]
    return [(tokenizer.decode([token]), float(f"{share:.3g}")) for token, share in zip(tokens, shares, strict=True)]


if __name__ == "__main__":
    main()
