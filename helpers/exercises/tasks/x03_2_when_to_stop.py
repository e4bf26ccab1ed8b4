"""03.2: find in two curves the epoch to stop."""

from typing import Any

import pandas as pd

from helpers.exercises import attempt as read
from helpers.exercises.definition import Exercise, Mistake, NotYet

TRAINING = [1.48, 1.02, 0.80, 0.61, 0.47, 0.36, 0.27, 0.20, 0.15, 0.11]
VALIDATION = [1.62, 1.18, 1.21, 0.97, 0.91, 0.94, 1.03, 1.15, 1.31, 1.46]
BEST, LAST = VALIDATION.index(min(VALIDATION)) + 1, len(VALIDATION)
FIRST_LOW = 2  # before the bump at epoch 3
STEPS = 15  # in an epoch


def material() -> pd.DataFrame:
    """The two curves, an epoch a row. `.plot(x="epoch")` draws them."""
    return pd.DataFrame({"epoch": range(1, LAST + 1), "training loss": TRAINING, "validation loss": VALIDATION})


def judge(given: Any) -> str:
    epoch = read.whole_number(given, f"an epoch, 1 to {LAST}")
    if epoch == BEST:
        return (
            f"Validation loss is lowest after epoch {BEST} ({min(VALIDATION)}). After it the model learns the "
            f"examples by "
            "heart. This host keeps the last three checkpoints only, so the next job gets "
            f"n_epochs={BEST}."
        )
    if epoch == BEST * STEPS:
        raise NotYet(f"{epoch} is a step. It belongs to the right epoch; the task asks for the epoch.")
    if not 1 <= epoch <= LAST:
        raise NotYet(f"There is no epoch {epoch}; they go from 1 to {LAST}.")
    if epoch == LAST:
        raise NotYet(
            "At the last epoch training loss is lowest. It falls to the end also when the model only memorises."
        )
    if epoch in (FIRST_LOW, FIRST_LOW + 1):
        raise NotYet(
            "Validation loss rises there for one epoch and then falls further. One bump is chance: look at the whole."
        )
    if epoch < BEST:
        raise NotYet(
            f"After epoch {epoch} validation loss still falls, so the model still learns something that carries over."
        )
    raise NotYet(f"At epoch {epoch} validation loss has been rising again: the model has begun to memorise.")


ROWS = "\n".join(
    f"| {epoch} | {train:.2f} | {valid:.2f} |"
    for epoch, (train, valid) in enumerate(zip(TRAINING, VALIDATION, strict=True), 1)
)

EXERCISE = Exercise(
    title="When to stop",
    task=f"""A job of ten epochs with {STEPS} steps each reported these losses. After which epoch would you have
stopped it? (`exercise("03.2").material().plot(x="epoch")` draws them.)

| epoch | training loss | validation loss |
|---|---|---|
{ROWS}""",
    judge=judge,
    mistakes=[
        Mistake(10, "training loss is lowest"),
        Mistake(2, "One bump is chance"),
        Mistake(4, "still falls"),
        Mistake(8, "has been rising again"),
        Mistake(75, "75 is a step"),
        Mistake(0, "There is no epoch 0"),
    ],
    hints=(
        "Which of the two curves tells how the model does on questions that it has not seen?",
        "Look for the lowest validation loss of all, not for the first rise.",
    ),
    solution="attempt = 5",
    material=material,
)
