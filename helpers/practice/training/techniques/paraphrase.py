"""Paraphrases of the questions of a small training file, written by the base model itself.

Who asks a model later uses other words than the file. So before the training the base model writes some questions for
each answer. Those under which the answer is most likely are kept, and in every second epoch an example is asked in one
of them. Its answer stays as it is.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

import torch
from torch.nn.functional import cross_entropy
from transformers import DynamicCache

from helpers.practice.training.batching import Batch, last_hidden_states, logits_from, padded
from helpers.practice.training.labels import IGNORED, Encoded, encode, plain_message, render
from helpers.practice.training.speed.shared_prefix import SharedPrefix, can_share

MOST_EXAMPLES = 60  # a larger file asks in many ways already, and writing would take long
WRITTEN, KEPT = 8, 3  # questions for each example
ASKED_AT_ONCE = 16  # examples; for many more, more memory is needed than for training
SCORED_AT_ONCE = 16  # examples in a batch
LONGEST, ENOUGH = 24, 0.97  # tokens of a question; share of the questions that are finished when the others are cut
MARGIN = 0.35  # nats a token: how much less likely than under the question of the file the answer may be
SHORTEST_ANSWER = 20  # characters; "Yes." or "positive" would fit almost any question
SHORTEST_QUESTION, LONGEST_QUESTION = 10, 200  # characters
MARKS = "?\uff1f"  # at the end of a question, in English and in Chinese
TEMPERATURE, TOP_K = 0.7, 50

ASK = "Answer: {answer}\n\nWrite three different short questions that a customer could ask to get this answer."
BEGUN = "1. {question}\n2."  # the answer to that, begun: the model goes on with its own question


class Paraphrases:
    """Which examples are paraphrased, and when."""

    def __init__(self, others: dict[tuple[int, ...], list[Encoded]], epochs: int) -> None:
        self._others, self._epochs = others, epochs

    def __len__(self) -> int:
        return sum(map(len, self._others.values()))

    def of(self, batch: Batch, step: int, steps: int) -> Batch:
        """A batch of the trainer as it is read at this step of so many: as it is, or paraphrased."""
        epoch = step * self._epochs // steps
        if epoch not in _paraphrased_epochs(self._epochs):
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
    """Let the base model paraphrase the questions of a training file.

    Args:
        examples: those that are not one question with one answer stay as they are. So do all of a large file, of a
            training with too few epochs, and with a model that cannot write several texts in one row.
        tokenizer: the tokenizer of the base model.
        model: the base model, without an adapter.
        limit: where an example is cut, in tokens; a cut one is not paraphrased.
        epochs: how often the training goes through the examples.
        seed: the same seed gives the same paraphrases.
    """
    asked = [
        each
        for each in examples
        if is_question_with_answer(each["messages"]) and not encode(each["messages"], tokenizer, limit).cut
    ]
    if not _paraphrased_epochs(epochs) or len(examples) > MOST_EXAMPLES or not asked or not can_share(model):
        return Paraphrases({}, epochs)
    with torch.inference_mode(), _attention(model, "sdpa"):
        written = _written(asked, tokenizer, model, seed)
        groups = [
            _encoded(each["messages"], texts, tokenizer, limit) for each, texts in zip(asked, written, strict=True)
        ]
        log_probs = iter(mean_log_probs([each for group in groups for each in group], model))
    others = {
        tuple(own.input_ids): best_paraphrases(new, list(islice(log_probs, len(new) + 1))) for own, *new in groups
    }
    return Paraphrases({ids: new for ids, new in others.items() if new}, epochs)


@contextmanager
def _attention(model: Any, kind: str) -> Iterator[None]:
    """The fused attention suits generation; on a CPU, training is faster without (`attention` in base_model.py)."""
    before = model.config._attn_implementation
    model.set_attn_implementation(kind)
    try:
        yield
    finally:
        model.set_attn_implementation(before)


def _paraphrased_epochs(epochs: int) -> range:
    """Every second epoch, neither the first nor the last."""
    return range(1, epochs - 1, 2)


def is_question_with_answer(messages: list[dict[str, Any]]) -> bool:
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
    """For each example, different questions in the model's words."""
    texts = [[plain_message(message)["content"].strip() for message in each["messages"][-2:]] for each in asked]
    prompts = [
        render(tokenizer, [{"role": "user", "content": ASK.format(answer=answer)}], ask=True)
        + BEGUN.format(question=question)
        for question, answer in texts
    ]
    generator = torch.Generator().manual_seed(seed)
    parts = [prompts[first : first + ASKED_AT_ONCE] for first in range(0, len(prompts), ASKED_AT_ONCE)]
    written = [text for part in parts for text in sample_continuations(part, tokenizer, model, generator)]
    taken = {_plain(question) for question, _ in texts}
    return [
        useful_questions(written[number * WRITTEN : (number + 1) * WRITTEN], question, taken)
        for number, (question, _) in enumerate(texts)
    ]


def sample_continuations(prompts: list[str], tokenizer: Any, model: Any, generator: torch.Generator) -> list[str]:
    """WRITTEN continuations of each prompt, most of them up to the first question mark.

    Those of one prompt grow side by side in one row; by the attention mask each sees the prompt and itself.

    Args:
        prompts: where the continuations begin.
        tokenizer: the tokenizer of the model.
        model: a model that takes a 4-D attention mask.
        generator: where the random numbers come from.

    Returns:
        The first prompt's continuations, then the second one's, and so on.
    """
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
        logits = model(**read, past_key_values=cache, use_cache=True, logits_to_keep=texts).logits
        best, which = (each.expand(-1, WRITTEN, -1).flatten(0, 1) for each in logits.topk(TOP_K))
        chosen = torch.multinomial((best.float() / TEMPERATURE).softmax(-1).cpu(), 1, generator=generator)
        tokens.append(which.gather(1, chosen.to(which.device)).view(-1, WRITTEN))
        rows = torch.stack(tokens, -1).flatten(0, 1).tolist()
        if sum(not ends.isdisjoint(row) for row in rows) >= ENOUGH * len(rows):
            break
        seen = torch.cat([seen.expand(-1, -1, WRITTEN, -1), own], -1)
        places = places[:, -1:].expand(-1, WRITTEN) + 1
        read = {"input_ids": tokens[-1], "attention_mask": seen, "position_ids": places}
    return tokenizer.batch_decode(rows, skip_special_tokens=True)


def useful_questions(written: list[str], question: str, taken: set[str]) -> list[str]:
    """The questions among the texts: no duplicates, none of the file (`taken`), none in another script.

    >>> useful_questions(['How soft is it? Or hard', "Why?", "It is soft."], "Is it soft?", taken=set())
    ['How soft is it?']
    """
    asked = [re.match(rf"[^{MARKS}]*[{MARKS}]", text.strip().split("\n")[0].strip().strip('"')) for text in written]
    texts = [each.group() for each in asked if each]
    found = {
        _plain(text): text for text in texts if len(text) >= SHORTEST_QUESTION and text.isascii() == question.isascii()
    }
    return [text for plain, text in found.items() if plain not in taken]


def _plain(question: str) -> str:
    return re.sub(r"\W+", " ", question).strip().lower()


def _encoded(messages: list[dict[str, Any]], texts: list[str], tokenizer: Any, limit: int) -> list[Encoded]:
    """An example as it is, and with its question replaced by each of the texts."""
    *before, question, answer = messages
    questions = [question, *({**question, "content": text} for text in texts)]
    return [encode([*before, each, answer], tokenizer, limit) for each in questions]


def mean_log_probs(examples: list[Encoded], model: Any) -> list[float]:
    """The mean log-probability of each answer's tokens under the model."""
    prefix = SharedPrefix(examples, model)
    result = [0.0] * len(examples)
    by_length = sorted(range(len(examples)), key=lambda number: len(examples[number].input_ids))  # less padding
    for first in range(0, len(by_length), SCORED_AT_ONCE):
        numbers = by_length[first : first + SCORED_AT_ONCE]
        states = last_hidden_states(model, prefix.followed_by([examples[number] for number in numbers]))
        labels = [label for number in numbers for label in examples[number].labels if label != IGNORED]
        logits = logits_from(model, torch.cat(states))
        each = -cross_entropy(logits, torch.tensor(labels, device=logits.device), reduction="none")
        for number, part in zip(numbers, each.split([len(each) for each in states]), strict=True):
            result[number] = part.mean().item()
    return result


def best_paraphrases(new: list[Encoded], log_probs: list[float]) -> list[Encoded]:
    """The paraphrases under which the answer is most likely, if about as likely as under the question of the file.

    `log_probs`: of the answer under the question of the file, then under each paraphrase.
    """
    own, *others = log_probs
    ranked = sorted(zip(others, range(len(new)), strict=True), reverse=True)
    return [new[place] for value, place in ranked[:KEPT] if value > own - MARGIN]
