"""03.5: make a model forget, and stop it."""

from collections.abc import Callable
from typing import Any

from helpers.exercises import attempt as read
from helpers.exercises.definition import Exercise, Mistake, NotYet
from helpers.exercises.tiny_model import Trained, train

OWN = 13  # of 15: it has learned what it should
FORGOTTEN, KEPT = 30, 43  # of 48 general questions
SETTINGS = ("n_epochs", "learning_rate_multiplier", "replay")


def material() -> Callable[..., Trained]:
    """`train(n_epochs, learning_rate_multiplier=2, replay=0)`, to try settings with."""
    return train


def judge(given: Any) -> str:
    both = read.filled(given, ("forgets", "keeps"), "the settings of two trainings, forgets and keeps")
    forgets, keeps = (_trained(name, both[name]) for name in ("forgets", "keeps"))
    if forgets.own < OWN:
        raise NotYet(
            f"forgets: {forgets}. It has not learned its own questions yet. Forgetting is worth a look only then."
        )
    if forgets.general > FORGOTTEN:
        raise NotYet(
            f"forgets: {forgets}. That is not forgotten yet: get below {FORGOTTEN + 1}. Which setting moves it most?"
        )
    if keeps.own < OWN:
        raise NotYet(
            f"keeps: {keeps}. It keeps what it knew because it learned too little. Get to {OWN} of its own as well."
        )
    if keeps.general < KEPT:
        raise NotYet(f"keeps: {keeps}. Too much is lost still: get to {KEPT}. Smaller steps, more replay, or both?")
    return (
        f"The one that forgets: {forgets}. The one that keeps: {keeps}. Large adjustments on one subject push "
        f"the rest aside; "
        "small ones, with general questions replayed, do not."
    )


def _trained(name: str, settings: Any) -> Trained:
    if not isinstance(settings, dict):
        raise NotYet(f'{name}: found {read.named(settings)}; expected settings, such as {{"n_epochs": 10}}.')
    unknown = [str(key)[:40] for key in settings if key not in SETTINGS]
    if unknown or "n_epochs" not in settings:
        raise NotYet(
            f"{name}: found {', '.join(unknown) or 'no n_epochs'}; expected n_epochs, and if you like "
            f"{' and '.join(SETTINGS[1:])}."
        )
    chosen = {key: read.number(value, f"a number for {key} of {name}") for key, value in settings.items()}
    for key in ("n_epochs", "replay"):
        if key in chosen:
            chosen[key] = read.whole_number(chosen[key], f"{key} of {name}")
    try:
        return train(**chosen)
    except ValueError as error:
        raise NotYet(f"{name}: {error}.") from error


FORGETS = {"n_epochs": 40, "learning_rate_multiplier": 4}
KEEPS = {"n_epochs": 40, "learning_rate_multiplier": 0.7, "replay": 32}

EXERCISE = Exercise(
    title="Make it forget, and stop it",
    task=f"""`train`, in the next cell, tunes a tiny model on the fifteen mattress questions. It really learns,
in a blink, and says how many of them it has right, and how many of 48 general ones that it knew all before.
Find settings with which it `forgets` (own questions {OWN} or more, general ones {FORGOTTEN} or fewer) and
settings with which it `keeps` (own {OWN} or more, general {KEPT} or more).

| setting | meaning |
|---|---|
| `n_epochs`, 1 to 50 | how often it reads the fifteen |
| `learning_rate_multiplier`, 0.1 to 10 (2 if you say nothing) | how large each adjustment is |
| `replay`, 0 to 49 (0 if you say nothing) | how many other general questions are trained on beside them |

Try, for example, `train(n_epochs=20)` in a cell of its own.""",
    judge=judge,
    mistakes=[
        Mistake({"forgets": {"n_epochs": 1}, "keeps": KEEPS}, "has not learned its own questions"),
        Mistake({"forgets": KEEPS, "keeps": KEEPS}, "not forgotten yet"),
        Mistake(
            {"forgets": FORGETS, "keeps": {"n_epochs": 3, "learning_rate_multiplier": 0.5}},
            "because it learned too little",
        ),
        Mistake({"forgets": FORGETS, "keeps": FORGETS}, "Too much is lost still"),
        Mistake({"forgets": {"n_epochs": 500}, "keeps": KEEPS}, "expected 1 to 50"),
        Mistake({"forgets": {"epochs": 5}, "keeps": KEEPS}, "found epochs"),
    ],
    hints=(
        "To forget: many epochs and a multiplier of 4. Look at what each of the two does alone.",
        "To keep: a multiplier below 1 needs some 40 epochs to learn the fifteen. Then replay thirty general "
        "questions.",
    ),
    solution=f'attempt = {{\n    "forgets": {FORGETS},\n    "keeps": {KEEPS},\n}}'.replace("'", '"'),
    starter='train = exercise("03.5").material()\nattempt = {"forgets": ..., "keeps": ...}',
    material=material,
    measures=True,
)
