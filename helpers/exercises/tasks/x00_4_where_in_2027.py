"""00.4: where a job will really train a model in 2027."""

from helpers.exercises.kinds import Item, pick

EXERCISE = pick(
    title="Where can you train in February 2027?",
    task="It is February 2027. Where does a job really change the parameters of a model?",
    items={
        "a": Item(
            "OpenAI, with a key made today",
            False,
            "New organisations get 403 training_not_available since 2026-05-07.",
        ),
        "b": Item(
            "OpenAI, for a company that has fine-tuned there every week",
            False,
            "Until 2027-01-06 it could. After that nobody can create a job there.",
        ),
        "c": Item(
            "the practice server with a simulated GPT model",
            False,
            "It answers like OpenAI and draws a curve, and no parameter changes: it is a simulation, and says so.",
        ),
        "d": Item(
            "the practice server with the small open model (`requirements-local.txt`)",
            True,
            "This one is missing. It really trains, on your computer, and nobody can close it.",
        ),
        "e": Item(
            "another host that speaks the same protocol and still offers training",
            True,
            "This one is missing. The same code runs there; only the address differs.",
        ),
    },
    after="The four steps outlive the host: your own computer, or another host with the same protocol.",
    hints=(
        "The appendix of notebook 00, for those who come from an older guide, has the dates.",
        "Two of the five. One costs nothing and is on your own computer.",
    ),
)
