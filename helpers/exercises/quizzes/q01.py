"""The quiz of notebook 01."""

from helpers.exercises.question import Question

QUESTIONS = [
    Question(
        "From which of the three messages does the model learn what to say?",
        {"a": "system", "b": "user", "c": "assistant"},
        "c",
        "The other two say when that answer is right.",
        {
            "a": "It sets the scene, and nothing is learned from it by itself. Without it the answer would be "
            "for everybody.",
            "b": "It is the other person's line. The model does not learn to ask it.",
        },
    ),
    Question(
        "Why does the system message stand in each example?",
        {
            "a": "Each example is read alone, and the same words switch the habit on later.",
            "b": "The host refuses examples without one.",
            "c": "So that training costs less.",
        },
        "a",
        "Use the same words in training and in use.",
        {
            "b": "Examples without one are legal. They teach that everybody is to be answered like that.",
            "c": "It costs more: its tokens are billed in each example. Keep it short.",
        },
    ),
    Question(
        "Two examples give different answers to the same question. What happens?",
        {
            "a": "The upload is refused.",
            "b": "The model is pulled both ways, and only `check` warns.",
            "c": "The later one wins.",
        },
        "b",
        "No host minds. What stands there more often has the better chance, and nobody knows beforehand.",
        {
            "a": "The upload looks for JSON and for nothing else.",
            "c": "There is no later: examples are read several times, in any order, and each pulls.",
        },
    ),
    Question(
        "What are validation examples for?",
        {
            "a": "They are learned last, to refresh the model.",
            "b": "They show, on questions that are not learned from, whether it memorises or learns.",
            "c": "They tell the host whether the file is valid.",
        },
        "b",
        "Training loss falls in both cases. Only these tell them apart.",
        {
            "a": "Nothing is learned from them at all, or they could not tell you anything.",
            "c": "That is what the host does with any file, and `check` before it. Validation is about the model.",
        },
    ),
]
