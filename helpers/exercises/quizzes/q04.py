"""The quiz of notebook 04."""

from helpers.exercises.question import Question

QUESTIONS = [
    Question(
        "Your tuned model answers as if it had not been trained. What do you look at first?",
        {"a": "whether the system message is that of training", "b": "the number of epochs", "c": "the temperature"},
        "a",
        "It is the switch. Another wording may not turn it.",
        {
            "b": "Perhaps later. First see whether you ask as you trained: that costs nothing.",
            "c": "It varies the words. A model that was trained on something says it at any temperature, more or less.",
        },
    ),
    Question(
        "A tuned model costs twice as much per token. When does it still save money?",
        {
            "a": "always, because it is better",
            "b": "when its prompt is much shorter and its answers are short",
            "c": "never",
        },
        "b",
        "It saves tokens of the prompt. Long answers cost twice as much and save nothing.",
        {
            "a": "Better and cheaper are two things. With a short prompt each call simply costs more.",
            "c": "From 2,000 tokens of prompt to 100, at twice the price, is a third of the cost.",
        },
    ),
    Question(
        "Four questions, and the tuned model has all of them right. What do you know?",
        {
            "a": "that it is better",
            "b": "nothing that you could decide on: it is an impression",
            "c": "that it knows its training examples",
        },
        "b",
        "For a decision: fifty questions that are not in the file, and what counts as right written down before.",
        {
            "a": "Four of four can be luck, and you chose the four.",
            "c": "Not even that, if they were asked in words that stand in the file: then it may know the "
            "sentences only.",
        },
    ),
    Question(
        "On 2027-01-14 OpenAI shuts the last base models down. What happens to a model tuned from one?",
        {"a": "It is gone.", "b": "You can download it until then.", "c": "It goes on answering."},
        "a",
        "It exists as long as the provider wants. A model that was trained on your computer is a folder of yours.",
        {
            "b": "A model on OpenAI cannot be taken away at any time.",
            "c": "It needs its base model for each answer, and that is shut down.",
        },
    ),
]
