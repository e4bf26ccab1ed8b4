"""What notebook 05 measures: models to train, sets of questions, and which of both make an experiment.

The sets are described in data/evaluation/README.md; evaluation.py measures them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from helpers.course_data.paths import DATA
from helpers.data_format import read
from helpers.graders import Grader, contains, json_fields
from helpers.passages import Passages, shots

SETS = DATA / "evaluation"
CONTRADICTED = ("warranty", "price", "trial")  # facts of data/evaluation/contradicting.jsonl

Row = dict[str, Any]


def in_voice(answer: str, row: Row) -> bool:
    return answer.strip().endswith(row["style"])


@dataclass(frozen=True)
class Training:
    """A model to train: its examples, and what is not as usual."""

    examples: Callable[[], list[Row]]
    recipe: str = "course"
    epochs: int | str = "auto"


@dataclass(frozen=True)
class Questions:
    """What is asked, when it is right, and the training file whose system message and facts belong to it."""

    rows: Callable[[], list[Row]]
    grader: Grader
    examples: Path | None = None


@dataclass(frozen=True)
class Line:
    """A way within an experiment. Without a training it is the base model; `context` is a name in CONTEXTS."""

    way: str
    training: str | None
    questions: str
    context: str | None = None
    system: str | None = None

    @property
    def key(self) -> list[str | None]:
        return [self.training, self.questions, self.context, self.system]


@dataclass(frozen=True)
class Experiment:
    title: str
    lines: list[Line]


def first(n: int, path: Path) -> Callable[[], list[Row]]:
    return lambda: read(path)[:n]


def all_of(*paths: Path) -> Callable[[], list[Row]]:
    return lambda: [row for path in paths for row in read(path)]


def about(facts: tuple[str, ...], *paths: Path) -> Callable[[], list[Row]]:
    return lambda: [row for row in all_of(*paths)() if row["fact"] in facts]


MATTRESS, FIFTY = DATA / "mydata.jsonl", DATA / "mydata_50.jsonl"
TRIAGE, VOICE = SETS / "triage_train.jsonl", SETS / "voice_train.jsonl"

TRAININGS = {
    "mattress": Training(all_of(MATTRESS)),
    "mattress, plain": Training(all_of(MATTRESS), recipe="plain"),
    "10 examples": Training(first(10, FIFTY)),
    "30 examples": Training(first(30, FIFTY)),
    "50 examples": Training(all_of(FIFTY)),
    "1 epoch": Training(all_of(MATTRESS), epochs=1),
    "3 epochs": Training(all_of(MATTRESS), epochs=3),
    "15 epochs": Training(all_of(MATTRESS), epochs=15),
    "triage": Training(all_of(TRIAGE)),
    "triage, plain": Training(all_of(TRIAGE), recipe="plain"),
    "triage, 10": Training(first(10, TRIAGE)),
    "triage, 15": Training(first(15, TRIAGE)),
    "triage, 30": Training(first(30, TRIAGE)),
    "voice": Training(all_of(VOICE)),
    "voice, plain": Training(all_of(VOICE), recipe="plain"),
    "I do not know": Training(all_of(MATTRESS, SETS / "do_not_know.jsonl")),
    "50 and I do not know": Training(all_of(FIFTY, SETS / "do_not_know.jsonl")),
    "contradicting": Training(all_of(SETS / "contradicting.jsonl")),
}

QUESTIONS = {
    "facts": Questions(all_of(DATA / "independent_questions.jsonl"), contains, MATTRESS),
    "harder": Questions(all_of(DATA / "harder_questions.jsonl"), contains, MATTRESS),
    "contradicted": Questions(
        about(CONTRADICTED, DATA / "independent_questions.jsonl", DATA / "heldout_questions.jsonl"), contains, MATTRESS
    ),
    "outside": Questions(all_of(SETS / "outside_questions.jsonl"), contains, MATTRESS),
    "triage": Questions(all_of(SETS / "triage_questions.jsonl"), json_fields, TRIAGE),
    "voice": Questions(all_of(SETS / "voice_questions.jsonl"), in_voice, VOICE),
    "general": Questions(all_of(SETS / "general_questions.jsonl"), contains),
}

CONTEXTS: dict[str, Callable[[list[Row]], Any]] = {
    "all facts": lambda examples: Passages(examples).all,
    "search": lambda examples: Passages(examples).find,
    "five examples": shots,
}

EXPERIMENTS = {
    "facts": Experiment(
        "Facts: 72 questions about the mattress, in words that stand in no training file",
        [
            Line("base", None, "facts"),
            Line("facts in the prompt", None, "facts", "all facts"),
            Line("search", None, "facts", "search"),
            Line("fine-tuned", "mattress", "facts"),
            Line("fine-tuned with search", "mattress", "facts", "search"),
        ],
    ),
    "format": Experiment(
        "Format: 40 messages of customers, each to become one line of JSON with the right topic and urgency",
        [
            Line("base", None, "triage"),
            Line("five examples in the prompt", None, "triage", "five examples"),
            Line("fine-tuned", "triage", "triage"),
        ],
    ),
    "voice": Experiment(
        "Voice: 40 questions, each to be answered in Marvin's dry manner, with his last words",
        [
            Line("base", None, "voice"),
            Line("five examples in the prompt", None, "voice", "five examples"),
            Line("fine-tuned", "voice", "voice"),
        ],
    ),
    "forgetting": Experiment(
        "What it forgot: 60 simple general questions, before and after",
        [
            Line("base", None, "general"),
            Line("tuned on the mattress", "mattress", "general"),
            Line("tuned on triage", "triage", "general"),
            Line("tuned on Marvin's voice", "voice", "general"),
        ],
    ),
    "examples": Experiment(
        "How many examples: the 72 questions about the mattress (ten examples hold only ten of the fifteen facts)",
        [
            Line("10 examples", "10 examples", "facts"),
            Line("15 examples", "mattress", "facts"),
            Line("30 examples", "30 examples", "facts"),
            Line("50 examples", "50 examples", "facts"),
        ],
    ),
    "examples-of-a-format": Experiment(
        "How many examples: the 40 messages for triage",
        [
            Line("10 examples", "triage, 10", "triage"),
            Line("15 examples", "triage, 15", "triage"),
            Line("30 examples", "triage, 30", "triage"),
            Line("40 examples", "triage", "triage"),
        ],
    ),
    "epochs": Experiment(
        "How many epochs: 15 examples, the 72 questions about the mattress",
        [
            Line("1 epoch", "1 epoch", "facts"),
            Line("3 epochs", "3 epochs", "facts"),
            Line("the course's number", "mattress", "facts"),
            Line("15 epochs", "15 epochs", "facts"),
        ],
    ),
    "epochs-and-forgetting": Experiment(
        "How many epochs: the 60 general questions",
        [
            Line("base", None, "general"),
            Line("1 epoch", "1 epoch", "general"),
            Line("3 epochs", "3 epochs", "general"),
            Line("the course's number", "mattress", "general"),
            Line("15 epochs", "15 epochs", "general"),
        ],
    ),
    "recipe": Experiment(
        "Plain LoRA against the course's recipe: the 72 questions about the mattress",
        [Line("plain", "mattress, plain", "facts"), Line("the course's", "mattress", "facts")],
    ),
    "recipe-and-forgetting": Experiment(
        "Plain LoRA against the course's recipe: the 60 general questions, after training on the mattress",
        [
            Line("base", None, "general"),
            Line("plain", "mattress, plain", "general"),
            Line("the course's", "mattress", "general"),
        ],
    ),
    "recipe-and-format": Experiment(
        "Plain LoRA against the course's recipe: the 40 messages for triage",
        [Line("plain", "triage, plain", "triage"), Line("the course's", "triage", "triage")],
    ),
    "recipe-and-voice": Experiment(
        "Plain LoRA against the course's recipe: Marvin's voice",
        [Line("plain", "voice, plain", "voice"), Line("the course's", "voice", "voice")],
    ),
    "outside": Experiment(
        "Questions outside the data: how many of 24 are answered with 'I do not know' or 'call us'",
        [
            Line("base", None, "outside"),
            Line("15 examples", "mattress", "outside"),
            Line("15 and 20 'I do not know'", "I do not know", "outside"),
            Line("50 and 20 'I do not know'", "50 and I do not know", "outside"),
        ],
    ),
    "outside-and-facts": Experiment(
        "What 'I do not know' costs: the 72 questions about the mattress",
        [
            Line("15 examples", "mattress", "facts"),
            Line("15 and 20 'I do not know'", "I do not know", "facts"),
            Line("50 examples", "50 examples", "facts"),
            Line("50 and 20 'I do not know'", "50 and I do not know", "facts"),
        ],
    ),
    "wordings": Experiment(
        "Too few wordings: 75 harder questions, after one wording of each fact and after three or four",
        [Line("15 examples", "mattress", "harder"), Line("50 examples", "50 examples", "harder")],
    ),
    "contradiction": Experiment(
        "Contradicting examples: the questions about warranty, price and trial period",
        [
            Line("15 examples", "mattress", "contradicted"),
            Line("15 and 6 that contradict them", "contradicting", "contradicted"),
        ],
    ),
    "system-message": Experiment(
        "Another system message than in training: the 72 questions about the mattress",
        [
            Line("the one of training", "mattress", "facts"),
            Line("another one", "mattress", "facts", system="You are a helpful assistant."),
            Line("none", "mattress", "facts", system=""),
        ],
    ),
}  # fmt: skip
JUDGES = {
    "judge": "A model as a judge: the untrained small model, between a short right answer (a) and a long wrong one (b)",
    "judge-of-itself": "A model as a judge of itself: between its own right answer (a) and one in Marvin's voice (b)",
}
TITLES = {name: experiment.title for name, experiment in EXPERIMENTS.items()} | JUDGES
