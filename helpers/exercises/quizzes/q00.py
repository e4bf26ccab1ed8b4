"""The quiz of notebook 00."""

from helpers.exercises.question import Question

QUESTIONS = [
    Question(
        "What does fine-tuning change that a prompt does not?",
        {
            "a": "the parameters of the model, for all later requests",
            "b": "what the model may read while it answers",
            "c": "the model's size",
        },
        "a",
        "Training adjusts the parameters. What was learned is there without being said again.",
        {
            "b": "That is the prompt, or search: they put text before the model. Fine-tuning needs no text at all.",
            "c": "It has as many parameters as before. Only their values have moved.",
        },
    ),
    Question(
        "The manager of the hotel finds the right page in a binder when a question comes. What is that with a model?",
        {"a": "fine-tuning", "b": "an agent", "c": "embeddings with search (RAG)"},
        "c",
        "The passages nearest in meaning are found and put into the prompt.",
        {
            "a": "Fine-tuning is the two weeks at your desk: afterwards she needs no binder.",
            "b": "An agent is the list of people to call: she has somebody else do a part of it.",
        },
    ),
    Question(
        "There is a key in your environment. What does `connect()` do with it?",
        {"a": "It uses it: a key is there to be used.", "b": "Nothing, until you choose that host "
        "yourself.", "c": "It stores it in the notebook."},
        "b",
        "A paid host is only ever used because you chose it.",
        {
            "a": "Then a forgotten key could spend money. The practice server stays until you choose.",
            "c": "A key never reaches a notebook: whoever gets the file would get the key.",
        },
    ),
    Question(
        "A simulated GPT model answers on the practice server. What do you know about GPT now?",
        {
            "a": "how good its answers are",
            "b": "how the requests, jobs and errors look, and nothing about its answers",
            "c": "nothing at all: the requests are different",
        },
        "b",
        "The protocol is the real one, the answers come from a stand-in, and it says so.",
        {
            "a": "No GPT has answered. The server stands in for it.",
            "c": "The requests and the replies are those of OpenAI. You can keep your code as it is.",
        },
    ),
]  # fmt: skip
