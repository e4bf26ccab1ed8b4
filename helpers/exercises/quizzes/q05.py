"""The quiz of notebook 05."""

from helpers.exercises.question import Question

QUESTIONS = [
    Question(
        "Which questions tell you whether the training helped?",
        {
            "a": "those of the training file",
            "b": "questions that are in no file that was trained on",
            "c": "the validation file after you chose the epoch by it",
        },
        "b",
        "Held-out questions, asked as your users ask.",
        {
            "a": "These it may know by heart. That is not what your users ask.",
            "c": "You chose what is best on these, so they flatter it. Keep others for the end.",
        },
    ),
    Question(
        "The tuned model has 14 of 24 right, the base model 12. What do you say?",
        {
            "a": "The tuned model is better.",
            "b": "They are equal.",
            "c": "That cannot be told from 24 questions; look at those that only one has right, and ask more.",
        },
        "c",
        "Such a difference comes by chance in most cases.",
        {
            "a": "Two questions more can be luck. Count those on which they differ.",
            "b": "That no difference was shown does not show that there is none.",
        },
    ),
    Question(
        "A model judges which of two answers is better. What do you do about its liking for the first?",
        {
            "a": "ask it in both orders and count only where it agrees with itself",
            "b": "always put your own model second, to be fair",
            "c": "tell it to be fair",
        },
        "a",
        "What changes with the order says nothing about the answers.",
        {
            "b": "Then the liking counts against your model each time. It has to be cancelled, not turned round.",
            "c": "It may say that it is, and go on. Measure it instead.",
        },
    ),
    Question(
        "For facts of your shop, search did better than fine-tuning. What then?",
        {
            "a": "The training was wrong: train longer.",
            "b": "Take search for the facts, and fine-tuning for the manner if you need it.",
            "c": "The measurement must be wrong.",
        },
        "b",
        "That is the usual result, and a good one: it saves you the training.",
        {
            "a": "Longer training makes it surer of what it says, right or wrong. Facts are better read than "
            "remembered.",
            "c": "It is what most people find. Fine-tuning is strong in form and voice.",
        },
    ),
]
