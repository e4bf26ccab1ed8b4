"""The quiz of notebook 03."""

from helpers.exercises.question import Question

QUESTIONS = [
    Question(
        "What is an epoch?",
        {
            "a": "one adjustment of the model",
            "b": "one pass through all your examples",
            "c": "the time that a job may take",
        },
        "b",
        "Its tokens are billed each time.",
        {
            "a": "That is a step. An epoch has as many steps as there are batches.",
            "c": "A job takes as long as it takes; an epoch is counted in examples and not in minutes.",
        },
    ),
    Question(
        "Training loss still falls, and validation loss rises since epoch 4. What is that?",
        {
            "a": "The model learns your sentences by heart. Fewer epochs would be better.",
            "b": "The training is nearly done. Let it go on.",
            "c": "The learning rate is too low.",
        },
        "a",
        "Only the questions that it has not seen tell.",
        {
            "b": "Training loss always falls to the end. What you want has been getting worse for a while.",
            "c": "Then both losses would hardly move.",
        },
    ),
    Question(
        "You close the notebook while a job runs on a host. What happens to the job?",
        {"a": "It stops.", "b": "It goes on, and its id leads you back.", "c": "It waits until you come back."},
        "b",
        "A job belongs to the host. `attach(client)` finds it again.",
        {
            "a": "Only `cancel` stops it. Watching and training are two things.",
            "c": "Only `pause` makes it wait. It does not know whether somebody looks.",
        },
    ),
    Question(
        "The call that started a job returned without an error. Is the file sound?",
        {
            "a": "Yes, or there would have been an error.",
            "b": "Not sure: the job reads the file later, and its status says.",
            "c": "Yes, because the upload checked it.",
        },
        "b",
        "A moment later the status can be failed, with a reason. Always look at it.",
        {
            "a": "The call only takes the order. Seven examples pass it, and the job fails.",
            "c": "The upload looked for JSON only.",
        },
    ),
]
