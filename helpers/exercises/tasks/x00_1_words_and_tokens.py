"""00.1: how many tokens a text has."""

from helpers.exercises.kinds import work_out

EXERCISE = work_out(
    title="How many tokens?",
    task="Your prompt has 1,500 English words and goes with every request. About how many tokens is that? "
    "(In English, 100 tokens are about 75 words.)",
    right=2000,
    tolerance=0.03,
    wrong={
        1125: "1,125 is fewer tokens than words. A word is often more than one token, so it must come out larger: "
        "divide by 75 and multiply by 100, not the other way round.",
        1500: "1,500 would mean one token for each word. Short words are one token, longer ones are cut into pieces.",
        20: "20 is 1,500 / 75: how many times there are 75 words. Each of them is 100 tokens.",
    },
    what="a number of tokens, such as 1000",
    after="1,500 / 75 x 100 = 2,000 tokens. You pay for them in each request, which is one reason to fine-tune.",
    hints=("Are there more tokens than words, or fewer?", "75 words are 100 tokens. How many times 75 is 1,500?"),
    solution="attempt = 1500 / 75 * 100",
)
