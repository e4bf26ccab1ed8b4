"""03.3: read the name of a model."""

from typing import Any

from helpers.exercises import attempt as read
from helpers.exercises.definition import Exercise, Mistake, NotYet

NAME = "ft:gpt-4.1-mini-2025-04-14:personal:mattress:weaQI5vc:ckpt-step-75"
RIGHT = {"base model": "gpt-4.1-mini-2025-04-14", "suffix": "mattress", "epoch": 5}


def judge(given: Any) -> str:
    parts = read.filled(given, RIGHT, "base model, suffix, epoch")
    base, suffix = (read.text(parts[key], f"the {key} as a text").strip() for key in ("base model", "suffix"))
    epoch = read.whole_number(parts["epoch"], "the epoch as a number")
    base = base.lower()
    if base.startswith("ft:"):
        raise NotYet("base model: that is a tuned model. The base model is the one it was made from, without ft:.")
    if base == "gpt-4.1-mini":
        raise NotYet("base model: its date belongs to it. gpt-4.1-mini alone may be another one next year.")
    if base != RIGHT["base model"]:
        raise NotYet(f"base model: found {read.named(base)}; it is the second of the parts between the colons.")
    if suffix == "personal":
        raise NotYet("suffix: personal is the organisation. The suffix is the word that you chose, one part later.")
    if suffix == "weaQI5vc":
        raise NotYet("suffix: that is the id of this model, which the host made up. The suffix is your own word.")
    if suffix.lower() != RIGHT["suffix"]:
        raise NotYet(f"suffix: found {read.named(suffix)}; it is the fourth of the parts between the colons.")
    if epoch == 75:
        raise NotYet("epoch: 75 is a step. Each epoch has 15 of them.")
    if epoch == 6:
        raise NotYet(
            "epoch: after 75 of 90 steps the sixth epoch has not been read. This is a checkpoint before the end."
        )
    if epoch != RIGHT["epoch"]:
        raise NotYet(f"epoch: found {epoch}; step 75, with 15 steps in an epoch.")
    return (
        "A checkpoint after epoch 5 of a model that you called mattress. A good suffix tells you later which was which."
    )


EXERCISE = Exercise(
    title="Read a name",
    task=f"The job had 6 epochs of 15 steps. What does this name say? The first two are texts, in quotation "
    f"marks.\n\n```\n{NAME}\n```",
    judge=judge,
    mistakes=[
        Mistake({**RIGHT, "base model": "gpt-4.1-mini"}, "its date belongs to it"),
        Mistake({**RIGHT, "base model": NAME}, "that is a tuned model"),
        Mistake({**RIGHT, "suffix": "personal"}, "personal is the organisation"),
        Mistake({**RIGHT, "suffix": "weaQI5vc"}, "which the host made up"),
        Mistake({**RIGHT, "epoch": 75}, "75 is a step"),
        Mistake({**RIGHT, "epoch": 6}, "has not been read"),
    ],
    hints=("Five parts with a colon between them, and a sixth for a checkpoint.", "75 steps / 15 steps in an epoch."),
    solution='attempt = {"base model": "gpt-4.1-mini-2025-04-14", "suffix": "mattress", "epoch": 5}',
    starter='attempt = {"base model": ..., "suffix": ..., "epoch": ...}',
)
