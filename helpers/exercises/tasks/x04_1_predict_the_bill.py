"""04.1: predict the bill of a training, and then see it."""

from decimal import Decimal

from helpers.cost import dollars, estimate
from helpers.course_data.paths import DATA
from helpers.data_format import read
from helpers.exercises.kinds import work_out
from helpers.exercises.shop import BASE

EPOCHS = 3
SEEN = estimate(read(DATA / "mydata_50.jsonl"), BASE, EPOCHS)


def _see_it(predicted: float) -> str:
    return (
        f"You predicted {dollars(Decimal(str(predicted)))}. The estimate for mydata_50.jsonl: {SEEN.tokens:,} tokens x "
        f"{EPOCHS} epochs x ${SEEN.price.train} a million = {dollars(SEEN.expected)}."
    )


EXERCISE = work_out(
    title="Predict the bill",
    task=f"""Fifty examples of about 70 tokens each are trained on for {EPOCHS} epochs. Training of `{BASE}`
costs ${SEEN.price.train} per million tokens. How many dollars is that? Predict first; the check then counts the
real file, `data/mydata_50.jsonl`.""",
    right=50 * 70 * EPOCHS * 5 / 1_000_000,
    tolerance=0.2,
    wrong={
        0.0175: "That is one epoch. Each epoch reads, and bills, the whole file again.",
        52.5: "That is the price per thousand tokens, as it was written in 2023. Today's prices are per million.",
        5.25: "That is cents. In dollars it is a hundredth of it.",
        10500.0: "That is the number of tokens that are billed. Now times the price, divided by a million.",
        0.0042: "That is at the price of using the model ($0.40 in). Training has a price of its own.",
        0.00105: "That is one example only, three times. There are fifty.",
    },
    what="dollars, such as 1.5",
    after=_see_it,
    measures=True,
    hints=("tokens in the file x epochs x price / 1,000,000", "50 x 70 = 3,500 tokens. Three epochs. $5 a million."),
    solution="attempt = 50 * 70 * 3 * 5 / 1_000_000",
)
