"""Pictures for what one would rather look at than read. Each is drawn from the data at hand, and says what to see."""

import json
import math
from collections.abc import Iterator
from pathlib import Path
from statistics import mean
from typing import Any

from helpers.connection.catalogue import base_name
from helpers.course_data.given import Given
from helpers.course_data.paths import DATA
from helpers.display.cards import HOST, OWN, Card, cards_html
from helpers.display.figure import GREY, figure_html, png_of
from helpers.display.lessons import lengths_chart, memorising_chart, surprises_chart
from helpers.display.picture import Picture
from helpers.display.tables import plural
from helpers.display.token_strip import Spoken, tokens_html
from helpers.tokens import (
    count_example,
    count_text,
    count_tokens,
    encode,
    encoding_for,
    encoding_name,
    is_estimate,
    own_tokenizer,
)

SURPRISES = DATA / "next_tokens.json"
COMPUTED = "Both charts are computed to show the idea; nothing was trained for them."


def show_four_steps() -> Picture:
    """The four steps of the course, and where what each makes lies: on your computer or at the host."""
    steps = [
        ("file", "1. Prepare", "examples in a file, mydata.jsonl", "nothing yet"),
        ("upload", "2. Upload", "its id, in your notes: file-...", "a copy of the file"),
        ("training", "3. Train", "the job's id, in your notes: ftjob-...", "the job, then your model"),
        ("ask", "4. Ask", "the model's name, ft:..., and the answers", "the model, which answers"),
    ]
    cards = [
        Card(drawing, title, [("on your computer", mine, OWN), ("at the host", theirs, HOST)])
        for drawing, title, mine, theirs in steps
    ]
    sentence = (
        "The file, the job and the model lie at the host; you hold their names, and your notes keep them. With the "
        "practice server the host is a program on your own computer."
    )
    return Picture(sentence, cards_html(cards, sentence, arrows=True))


def show_four_ways() -> Picture:
    """The four ways to help the manager of the hotel, and which of them changes the model."""
    stays, changes = ("the model stays as it is", OWN), ("the model itself changes", HOST)
    ways = [
        ("note", "Prompt", "a note on the desk", stays, "the note goes with each request"),
        (
            "binder",
            "Search (embeddings)",
            "a binder, opened at the right tab",
            stays,
            "that page goes with the request",
        ),
        ("calls", "Agent", "a list of people to call", stays, "it asks other programs"),
        ("tuned", "Fine-tuning", "two weeks beside you at the desk", changes, "nothing has to be sent along"),
    ]
    cards = [
        Card(drawing, title, [("in the hotel", hotel, GREY), (name, how, colour)], strong=colour == HOST)
        for drawing, title, hotel, (name, colour), how in ways
    ]
    sentence = "Three of the four ways put something beside the model (blue). Only fine-tuning changes what is in it."
    return Picture(sentence, cards_html(cards, sentence))


def show_tokens(example: dict[str, Any], model: str) -> Picture:
    """One training example cut into the tokens of a model, with those marked that it learns.

    Raises ValueError for what is no example with messages.
    """
    messages = example.get("messages") if isinstance(example, dict) else None
    if not isinstance(messages, list) or not all(isinstance(each, dict) for each in messages) or not messages:
        raise ValueError('show_tokens: found no conversation; expected one example, such as {"messages": [...]}')
    spoken = [_spoken(message, model) for message in messages]
    learned = sum(each.tokens for each in spoken if each.learned)
    count = plural(count_example(example, model), "token")
    about = f"about {count} (an estimate)" if is_estimate(model) else count
    sentence = (
        f"This example has {about} for {base_name(model)}, with those that say who speaks. {plural(learned, 'token')} "
        "of it are learned, in blue with a thick line; the others are only read."
    )
    return Picture(sentence, tokens_html(spoken, sentence))


def _spoken(message: dict[str, Any], model: str) -> Spoken:
    text = message.get("content")
    text = text if isinstance(text, str) else json.dumps(text, ensure_ascii=False)
    role = str(message.get("role", "?"))
    learned = role == "assistant" and message.get("weight", 1) != 0
    return Spoken(role, list(token_pieces(text, model)), count_text(text, model), learned)


def token_pieces(text: str, model: str) -> Iterator[str]:
    """A text cut at its tokens. Tokens that hold only a part of a letter are joined to one piece.

    >>> list(token_pieces("The CloudRest", "gpt-4.1-mini-2025-04-14"))
    ['The', ' Cloud', 'Rest']
    """
    tokenizer = own_tokenizer(model) if encoding_name(model) is None else None
    if tokenizer:
        begin = 0
        for _, end in tokenizer.encode(text, add_special_tokens=False).offsets:
            if end > begin:
                yield text[begin:end]
                begin = end
        return
    encoding, unfinished = encoding_for(model), b""
    for token in encode(text, encoding):
        unfinished += encoding.decode_single_token_bytes(token)
        try:
            piece = unfinished.decode("utf-8")
        except UnicodeDecodeError:
            continue
        yield piece
        unfinished = b""


def show_lengths(examples: Given, model: str) -> Picture:
    """The lengths of all examples in tokens, and the limit beyond which one is cut.

    Raises ValueError for what holds no examples.
    """
    counted = count_tokens(examples, model)
    if not counted.per_example:
        raise ValueError("show_lengths: found no example that can be counted; check() says why")
    if counted.limit is None:
        limit = f"Nobody has confirmed a limit for {base_name(model)}."
    elif counted.truncated:
        limit = f"{plural(counted.truncated, 'example')} beyond the limit of {counted.limit:,} will be cut."
    else:
        limit = f"None reaches the limit of {counted.limit:,}, so none is cut."
    sentence = (
        f"{plural(len(counted.per_example), 'example')}, from {min(counted.per_example):,} to {counted.longest:,} "
        f"tokens. {limit} One that stands alone on the right is worth a look."
    )
    png = png_of(lengths_chart(counted.per_example, counted.limit))
    return Picture(sentence, figure_html(png, f"Histogram of the lengths of examples. {sentence}", sentence))


def show_surprises(file: Path = SURPRISES) -> Picture:
    """How a loss turns into fewer surprises: the probability of each right next token of one answer, before and after.

    The numbers were recorded from a real training of the small model; the file names the date and the command.
    """
    found = json.loads(file.read_text(encoding="utf-8"))
    before, after = found["before"], found["after"]
    sentence = (
        f"Before training the model gave the right next token {mean(before):.0%} on average, after it "
        f"{mean(after):.0%}. The loss is the mean surprise, -log(probability): it fell from {_loss(before):.2f} to "
        f"{_loss(after):.2f}."
    )
    source = (
        f"Recorded from a real training of {found['model']} on {found['training_file']}: {found['date']}, "
        f"{found['machine']}, {found['versions']}. To record it again: {found['command']}"
    )
    pairs = zip(found["tokens"], before, after, strict=True)
    numbers = "; ".join(f"{token.strip()} {first:.0%}, then {second:.0%}" for token, first, second in pairs)
    png = png_of(surprises_chart(found["tokens"], before, after))
    alternative = f"Two bars for each token of the answer to {found['question']}: {numbers}."
    return Picture(f"{sentence} {source}", figure_html(png, alternative, f"{sentence} {source}"))


def _loss(probabilities: list[float]) -> float:
    return mean(-math.log(each) for each in probabilities)


def show_memorising() -> Picture:
    """Learning against learning by heart: the two shapes of a loss curve that one must tell apart."""
    sentence = (
        "Both training losses fall alike. On the left the validation loss falls with it: the model learns. On the "
        f"right it turns up: from there on the model memorises, and the turn is where to stop. {COMPUTED}"
    )
    png = png_of(memorising_chart())
    return Picture(sentence, figure_html(png, f"Two line charts side by side. {sentence}", sentence))
