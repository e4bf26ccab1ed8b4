"""04.2: after how many calls a training has paid for itself."""

from helpers.break_even import break_even
from helpers.exercises.kinds import work_out
from helpers.exercises.shop import BASE

FOUND = break_even(
    BASE,
    training_tokens=200_000,
    epochs=3,
    calls_per_day=500,
    tuned_prompt_tokens=100,
    base_prompt_tokens=2_000,
    answer_tokens=80,
)

EXERCISE = work_out(
    title="When is it paid back?",
    task="""A training cost $3.00. Since then each call has a prompt of 100 tokens in place of 2,000; answers
have 80 tokens as before. After how many calls has the training paid for itself?

| per million tokens | in | out |
|---|---|---|
| base model | $0.40 | $1.60 |
| tuned model | $0.80 | $3.20 |""",
    right=FOUND.calls,
    wrong={
        5067: "After 5,067 calls a fraction of a cent is still missing. Round up.",
        8929: "You divided by what a tuned call costs. It is paid back by what a call saves.",
        3233: "You divided by what a call cost before. The tuned calls are not free.",
        4167: "You left the answers out. They cost twice as much with the tuned model, and eat into what is saved.",
        2374: "You added the two costs of a call. What is saved is their difference.",
    },
    what="a number of calls",
    after=f"Each call saves $0.000592, so $3.00 is saved after {FOUND.calls:,} calls. `break_even` gives the same.",
    hints=(
        "What does one call cost before, and what after? Count the tokens in and the tokens out.",
        "Before: 2,000 x 0.40 + 80 x 1.60, per million. After: 100 x 0.80 + 80 x 3.20. Divide $3.00 by the difference.",
    ),
    solution="""import math

before = (2_000 * 0.40 + 80 * 1.60) / 1_000_000
after = (100 * 0.80 + 80 * 3.20) / 1_000_000
attempt = math.ceil(3.00 / (before - after))""",
)
