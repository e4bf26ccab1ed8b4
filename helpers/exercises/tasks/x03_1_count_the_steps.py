"""03.1: how many steps a job has."""

from helpers.exercises.kinds import work_out

EXERCISE = work_out(
    title="Count the steps",
    task="A job trains on 50 examples for 3 epochs, with a batch size of 4. How many training steps does it "
    "report in the end?",
    right=39,
    wrong={
        150: "150 is one step for each example. With a batch size of 4, a step reads four.",
        37.5: "37.5 is 150 / 4, but there is no half a step: the last batch of each epoch is a small one.",
        12.5: "12.5 is 50 / 4, the batches of one epoch. There is no half a batch, so round up; and there are three "
        "epochs.",
        38: "38 is 150 / 4, rounded up once. Each epoch has its own last batch of two, so round up within the epoch.",
        13: "13 is one epoch. There are three.",
        36: "36 leaves the last two examples of each epoch out. They are a batch of their own, a smaller one.",
        600: "600 is multiplied by the batch size. A larger batch means fewer steps.",
    },
    what="a number of steps",
    after="50 / 4, rounded up, are 13 steps in an epoch; three epochs are 39.",
    hints=(
        "How many batches are needed to read 50 examples once?",
        "Twelve batches of four, and one of two. Three times.",
    ),
    solution="import math\n\nattempt = math.ceil(50 / 4) * 3",
)
