"""Other words for the questions of a small training file, written by the base model itself.

Who asks a model later uses other words than the file. So before the training the base model writes some questions for each answer. Those
after which it expects that answer most are kept, and in every second epoch an example is asked in one of them. Its answer stays as it is.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

import torch
from torch.nn.functional import cross_entropy
from transformers import DynamicCache

from helpers.practice.training.batching import Batch, last_states, padded, scores_from
from helpers.practice.training.labels import IGNORED, Encoded, encode, plain_message, render
from helpers.practice.training.speed.shared_prefix import Beginning, can_share

MOST_EXAMPLES = 60  # a larger file asks in many ways already, and writing would take long
WRITTEN, KEPT = 8, 3  # questions for each example
ASKED_AT_ONCE = 16  # examples; for many more, more memory is needed than for training
AT_ONCE = 16  # examples that are judged together
LONGEST, ENOUGH = 24, 0.97  # tokens of a question; of the questions, before the last and longest are given up
MARGIN = 0.35  # nats a token: how much less than after the question of the file the answer may be expected
SHORTEST_ANSWER = 20  # characters; "Yes." or "positive" would fit almost any question
SHORTEST_QUESTION, LONGEST_QUESTION = 10, 200  # characters
MARKS = "?\uff1f"  # at the end of a question, in English and in Chinese
TEMPERATURE, TOP_K = 0.7, 50

ASK = "Answer: {answer}\n\nWrite three different short questions that a customer could ask to get this answer."
BEGUN = "1. {question}\n2."  # the answer to that, begun: the model goes on with its own question


class Paraphrases:
    """Which examples are asked in other words, and when."""

    def __init__(self, others: dict[tuple[int, ...], list[Encoded]], epochs: int) -> None:
        self._others, self._epochs = others, epochs

    def __len__(self) -> int:
        return sum(map(len, self._others.values()))

    def of(self, batch: Batch, step: int, steps: int) -> Batch:
        """A batch of the trainer as it is read at this step of so many: as it is, or asked in other words."""
        epoch = step * self._epochs // steps
        if epoch not in _epochs_in_other_words(self._epochs):
            return batch
        parts = (batch[name].tolist() for name in ("input_ids", "labels", "attention_mask"))
        rows = [
            Encoded(ids[: sum(real)], labels[: sum(real)], cut=False) for ids, labels, real in zip(*parts, strict=True)
        ]
        return padded([self._other(row, epoch // 2) for row in rows], batch["input_ids"].device)

    def _other(self, row: Encoded, turn: int) -> Encoded:
        others = self._others.get(tuple(row.input_ids))
        return others[turn % len(others)] if others else row


def write_paraphrases(
    examples: list[dict[str, Any]], tokenizer: Any, model: Any, limit: int, epochs: int, seed: int
) -> Paraphrases:
    """Ask the base model. Examples that are no question with one answer stay as they are; so does everything in a training without a
    place for other words, and with a model that cannot write several texts in one row."""
    asked = [
        each
        for each in examples
        if _is_question(each["messages"]) and not encode(each["messages"], tokenizer, limit).cut
    ]
    if not _epochs_in_other_words(epochs) or len(examples) > MOST_EXAMPLES or not asked or not can_share(model):
        return Paraphrases({}, epochs)
    with torch.inference_mode(), _attention(model, "sdpa"):
        written = _written(asked, tokenizer, model, seed)
        groups = [
            _encoded(each["messages"], texts, tokenizer, limit) for each, texts in zip(asked, written, strict=True)
        ]
        expected = iter(_expected([each for group in groups for each in group], model))
    others = {tuple(own.input_ids): _best(new, list(islice(expected, len(new) + 1))) for own, *new in groups}
    return Paraphrases({ids: new for ids, new in others.items() if new}, epochs)


@contextmanager
def _attention(model: Any, kind: str) -> Iterator[None]:
    """The fused attention is made for answers; on a CPU, training is faster without (local_model.py)."""
    before = model.config._attn_implementation
    model.set_attn_implementation(kind)
    try:
        yield
    finally:
        model.set_attn_implementation(before)


def _epochs_in_other_words(epochs: int) -> range:
    """Every second epoch, neither the first nor the last."""
    return range(1, epochs - 1, 2)


def _is_question(messages: list[dict[str, Any]]) -> bool:
    """Whether this is one question, with or without a system message, and one answer that says something."""
    roles = [message["role"] for message in messages]
    if roles[-2:] != ["user", "assistant"] or roles[:-2] not in ([], ["system"], ["developer"]):
        return False
    question, answer = (plain_message(message)["content"].strip() for message in messages[-2:])
    return (
        isinstance(messages[-2].get("content"), str)
        and question.endswith(tuple(MARKS))
        and len(question) <= LONGEST_QUESTION
        and len(answer) >= SHORTEST_ANSWER
        and messages[-1].get("weight", 1) != 0
    )


def _written(asked: list[dict[str, Any]], tokenizer: Any, model: Any, seed: int) -> list[list[str]]:
    """For each example, different questions in the model's words. The beginning is read once for all questions of an example."""
    texts = [[plain_message(message)["content"].strip() for message in each["messages"][-2:]] for each in asked]
    prompts = [
        render(tokenizer, [{"role": "user", "content": ASK.format(answer=answer)}], ask=True)
        + BEGUN.format(question=question)
        for question, answer in texts
    ]
    chance = torch.Generator().manual_seed(seed)
    parts = [prompts[first : first + ASKED_AT_ONCE] for first in range(0, len(prompts), ASKED_AT_ONCE)]
    written = [text for part in parts for text in _continued(part, tokenizer, model, chance)]
    taken = {_plain(question) for question, _ in texts}
    return [
        _useful(written[number * WRITTEN : (number + 1) * WRITTEN], question, taken)
        for number, (question, _) in enumerate(texts)
    ]


def _continued(prompts: list[str], tokenizer: Any, model: Any, chance: torch.Generator) -> list[str]:
    """WRITTEN times for each prompt, most of them up to the first question mark. The texts that go on from a prompt grow side by side in
    one row: each sees the prompt and itself."""
    given = tokenizer(prompts, return_tensors="pt", padding=True, padding_side="left", add_special_tokens=False).to(
        model.device
    )
    seen = given.attention_mask.bool()[:, None, None]  # prompts x 1 x texts x tokens
    own = torch.eye(WRITTEN, dtype=torch.bool, device=model.device).expand(len(prompts), 1, -1, -1)
    places = (given.attention_mask.cumsum(-1) - 1).clamp(min=0)
    read = {"input_ids": given.input_ids, "attention_mask": given.attention_mask, "position_ids": places}
    cache = DynamicCache(config=model.config)
    ends = {tokenizer.eos_token_id, tokenizer("?").input_ids[-1]}
    tokens: list[torch.Tensor] = []  # prompts x texts
    for _ in range(LONGEST):
        texts = WRITTEN if tokens else 1
        scores = model(**read, past_key_values=cache, use_cache=True, logits_to_keep=texts).logits
        best, which = (each.expand(-1, WRITTEN, -1).flatten(0, 1) for each in scores.topk(TOP_K))
        chosen = torch.multinomial((best.float() / TEMPERATURE).softmax(-1).cpu(), 1, generator=chance)
        tokens.append(which.gather(1, chosen.to(which.device)).view(-1, WRITTEN))
        rows = torch.stack(tokens, -1).flatten(0, 1).tolist()
        if sum(not ends.isdisjoint(row) for row in rows) >= ENOUGH * len(rows):
            break
        seen = torch.cat([seen.expand(-1, -1, WRITTEN, -1), own], -1)
        places = places[:, -1:].expand(-1, WRITTEN) + 1
        read = {"input_ids": tokens[-1], "attention_mask": seen, "position_ids": places}
    return tokenizer.batch_decode(rows, skip_special_tokens=True)


def _useful(written: list[str], question: str, taken: set[str]) -> list[str]:
    """The questions among the texts: none twice, none that stands in the file (there it has an answer of its own), none in other letters."""
    asked = [re.match(rf"[^{MARKS}]*[{MARKS}]", text.strip().split("\n")[0].strip().strip('"')) for text in written]
    texts = [each.group() for each in asked if each]
    found = {
        _plain(text): text for text in texts if len(text) >= SHORTEST_QUESTION and text.isascii() == question.isascii()
    }
    return [text for plain, text in found.items() if plain not in taken]


def _plain(question: str) -> str:
    return re.sub(r"\W+", " ", question).strip().lower()


def _encoded(messages: list[dict[str, Any]], texts: list[str], tokenizer: Any, limit: int) -> list[Encoded]:
    """An example as it is, and with other questions."""
    *before, question, answer = messages
    questions = [question, *({**question, "content": text} for text in texts)]
    return [encode([*before, each, answer], tokenizer, limit) for each in questions]


def _expected(examples: list[Encoded], model: Any) -> list[float]:
    """How much the model expects each answer: the mean logarithm of the probability of its tokens."""
    beginning = Beginning(examples, model)
    result = [0.0] * len(examples)
    order = sorted(
        range(len(examples)), key=lambda number: len(examples[number].input_ids)
    )  # rows of like length together
    for first in range(0, len(order), AT_ONCE):
        numbers = order[first : first + AT_ONCE]
        states = last_states(model, beginning.followed_by([examples[number] for number in numbers]))
        wanted = [label for number in numbers for label in examples[number].labels if label != IGNORED]
        scores = scores_from(model, torch.cat(states))
        each = -cross_entropy(scores, torch.tensor(wanted, device=scores.device), reduction="none")
        for number, part in zip(numbers, each.split([len(each) for each in states]), strict=True):
            result[number] = part.mean().item()
    return result


def _best(new: list[Encoded], expected: list[float]) -> list[Encoded]:
    """Of the new wordings those that lead to the answer best, if they lead there about as well as the question of the file (the first)."""
    own, *others = expected
    ranked = sorted(zip(others, range(len(new)), strict=True), reverse=True)
    return [new[place] for value, place in ranked[:KEPT] if value > own - MARGIN]
