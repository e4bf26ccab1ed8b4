"""The quiz of notebook 02."""

from helpers.exercises.question import Question

QUESTIONS = [
    Question(
        "The upload succeeded. What do you know about the file?",
        {"a": "A job will accept it.", "b": "Each of its lines is JSON.", "c": "It has at least ten examples."},
        "b",
        "Everything else is found later, by the job, or now, by `check`.",
        {
            "a": "The job looks at roles, counts and limits, and can still refuse it.",
            "c": "The upload does not count. The job does.",
        },
    ),
    Question(
        "What do you give to the next step?",
        {"a": "the path of the file", "b": "the id that begins with file-", "c": "the file once more"},
        "b",
        "The file is on the host already. Keep its id.",
        {
            "a": "A path is of your computer, and the host does not know it.",
            "c": "It is there already. Sent twice, it is there twice.",
        },
    ),
    Question(
        "You delete a file that a finished job was trained on. What happens to the model?",
        {"a": "Nothing.", "b": "It forgets these examples.", "c": "It is deleted as well."},
        "a",
        "What was learned is in the model. Only a job that is started later can no longer find the file.",
        {
            "b": "A model has no link to its file. What was learned cannot be taken out like that, so mind what "
            "you upload.",
            "c": "Models are deleted by their own name.",
        },
    ),
    Question(
        "The host answers 500 to your upload. What now?",
        {
            "a": "Change the file: something must be wrong with it.",
            "b": "Get a new key.",
            "c": "Wait a minute, try again, and then look whether it is there twice.",
        },
        "c",
        "The host has a problem of its own, and your request was fine.",
        {
            "a": "A file that is wrong is refused with 400 and a reason.",
            "b": "A wrong key is 401. This host has read your request and then failed.",
        },
    ),
]
