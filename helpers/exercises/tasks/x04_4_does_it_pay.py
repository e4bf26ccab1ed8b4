"""04.4: for four businesses, whether a tuned model pays for itself."""

from helpers.exercises.kinds import Case, choose

MONTH, YEAR, NEVER = "within a month", "within a year", "never"

# What break_even is asked for each case; a test compares its answer with the right one.
# Training tokens, calls a day, tokens of the prompt before, tokens of an answer. Three epochs; the prompt is 100 now.
NUMBERS = {
    "a": (5_000, 1_000, 2_000, 80),
    "b": (5_000, 1_000, 250, 80),
    "c": (2_000_000, 300, 2_000, 80),
    "d": (5_000, 1_000, 2_000, 1_000),
}

EXERCISE = choose(
    title="Does it pay?",
    task="""With `gpt-4.1-mini`: training $5, base model $0.40 in and $1.60 out, tuned model twice that (all per
million tokens). Only money counts here. When is the training paid back? (`break_even` or the form may help.)""",
    cases={
        "a": Case(
            "1,000 calls a day; the prompt shrinks from 2,000 tokens to 100; answers of 80; training on 15,000 tokens",
            MONTH,
            {
                YEAR: "The training costs less than eight cents, and each day saves sixty.",
                NEVER: "A call costs $0.000928 before and $0.000336 after. That is less, although tokens cost "
                "twice as much.",
            },
        ),
        "b": Case(
            "the same, but the prompt was only 250 tokens before",
            NEVER,
            {
                MONTH: "150 tokens fewer do not make up for twice the price: a tuned call costs more than the old one.",
                YEAR: "It does not need longer here. Each tuned call costs more than the one before, so nothing "
                "is saved.",
            },
        ),
        "c": Case(
            "300 calls a day; 2,000 tokens to 100; answers of 80; training on 6,000,000 tokens",
            YEAR,
            {
                MONTH: "$30 of training against eighteen cents saved a day: that takes 169 days.",
                NEVER: "Each call saves, so it is paid back some day: $30 at eighteen cents a day.",
            },
        ),
        "d": Case(
            "1,000 calls a day; 2,000 tokens to 100; answers of 1,000 tokens; training on 15,000 tokens",
            NEVER,
            {
                MONTH: "The long answers cost twice as much now, which is more than the short prompt saves.",
                YEAR: "Look at the answers: 1,000 tokens at twice the price cost more than 1,900 tokens of prompt.",
            },
        ),
    },
    after="A tuned model pays if the prompt shrinks a lot and answers are short. The training itself is seldom "
    "what counts.",
    hints=(
        "Work out one call before and one after. If it does not save, no number of calls helps.",
        "Two of the four never pay: where the prompt was short, and where answers are long.",
    ),
)
