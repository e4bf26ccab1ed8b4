"""From data to evaluation: upload a training file, train on it, ask held-out questions, compare with the base model.

    python fine_tune_and_measure.py mydata.jsonl questions.jsonl [base model]

It needs only `pip install openai`. OPENAI_API_KEY and OPENAI_BASE_URL say where; on a paid host, training costs money.
Each line of questions.jsonl: {"question": "...", "expected": ["a text that a right answer contains", "or this"]}
"""

import json
import sys
import time

from openai import OpenAI

training_path, questions_path = sys.argv[1:3]
base = sys.argv[3] if len(sys.argv) > 3 else "gpt-4.1-mini-2025-04-14"
client = OpenAI()

with open(training_path, encoding="utf-8") as file:
    first = json.loads(file.readline())["messages"][0]
system = [first] if first["role"] == "system" else []  # ask with the system message of training
with open(questions_path, encoding="utf-8") as file:
    questions = [json.loads(line) for line in file if line.strip()]

with open(training_path, "rb") as file:
    training_file = client.files.create(file=file, purpose="fine-tune")
client.files.wait_for_processing(training_file.id)
job = client.fine_tuning.jobs.create(model=base, training_file=training_file.id, suffix="measured")
while job.status not in ("succeeded", "failed", "cancelled"):
    time.sleep(5)
    job = client.fine_tuning.jobs.retrieve(job.id)
    print(job.status, flush=True)
if job.status != "succeeded":
    sys.exit(f"The job has {job.status}: {job.error}")


def is_right(model: str, row: dict) -> bool:
    messages = [*system, {"role": "user", "content": row["question"]}]
    answer = client.chat.completions.create(model=model, messages=messages, temperature=0, max_tokens=100)
    return any(text.lower() in answer.choices[0].message.content.lower() for text in row["expected"])


before, after = ([is_right(model, row) for row in questions] for model in (base, job.fine_tuned_model))
print(f"{base}: {sum(before)} of {len(questions)} right")
print(f"{job.fine_tuned_model}: {sum(after)} of {len(questions)} right")
pairs = list(zip(before, after, strict=True))
print(f"only the base: {pairs.count((True, False))}   only the tuned: {pairs.count((False, True))}")
