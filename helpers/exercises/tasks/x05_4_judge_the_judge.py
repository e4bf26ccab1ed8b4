"""05.4: find where a model as judge only prefers what stands first."""

from helpers.exercises.kinds import Item, pick

# Of each question: whom the judge preferred with the base model's answer first, and with the tuned model's first.
VERDICTS = {
    1: ("base", "tuned"),
    2: ("tuned", "tuned"),
    3: ("base", "tuned"),
    4: ("base", "base"),
    5: ("tuned", "tuned"),
    6: ("tuned", "base"),
    7: ("base", "tuned"),
    8: ("tuned", "tuned"),
}


def _item(base_first: str, tuned_first: str) -> Item:
    text = f"base first: prefers {base_first}; tuned first: prefers {tuned_first}"
    if base_first == tuned_first:
        return Item(text, False, f"{base_first} wins in both orders. That verdict does not depend on the place.")
    place = "first" if base_first == "base" else "second"
    return Item(text, True, f"Missing. The judge took what stood {place}, both times: another order, another winner.")


EXERCISE = pick(
    title="Judge the judge",
    task="""A model was asked which of two answers is better, twice for each question: once with the base
model's answer first, once with the tuned model's. Pick the questions whose verdict says nothing.""",
    items={number: _item(*verdicts) for number, verdicts in VERDICTS.items()},
    after="Of eight verdicts four are left, three of them for the tuned model. Ask a judge in both orders, and "
    "count only "
    "where it agrees with itself.",
    hints=(
        "What would a judge say that does not read at all and always takes the first?",
        "A verdict counts if the same model wins in both orders.",
    ),
)
