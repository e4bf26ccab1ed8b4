"""00.2: choose between prompt, search, function call and fine-tuning for five cases."""

from helpers.exercises.kinds import Case, choose

EXERCISE = choose(
    title="Which tool?",
    task="For each case, choose what you would try. The cheapest one that does it is right.",
    cases={
        "a": Case(
            "A bakery's assistant must say how many rolls are left right now. The till knows.",
            "function call",
            {
                "prompt": "A number in the prompt is old with the next customer. Let the model ask the till.",
                "search": "A document with the stock would be old before it is found. The till is a program: call it.",
                "fine-tuning": "A tuned model would say how many rolls were left on the day of its training.",
            },
        ),
        "b": Case(
            "Mechanics ask about a manual of 400 pages. It is replaced each month, and each answer must name its page.",
            "search",
            {
                "prompt": "400 pages do not belong into each request. Find the few passages that fit, and send those.",
                "function call": "There is no program to ask for a value here: the answer stands in a text. Find it.",
                "fine-tuning": "A tuned model cannot name the page it has something from, and next month it is wrong.",
            },
        ),
        "c": Case(
            "Replies to guests are right, but in your own voice only seven times of ten, although the prompt has "
            "examples. You have 600 mails that you answered yourself.",
            "fine-tuning",
            {
                "prompt": "The prompt has examples already and gets seven of ten. The 600 mails do not fit in there.",
                "search": "Search finds facts. Here the facts are right, and the voice is not.",
                "function call": "No program can be asked for your voice. The 600 mails can show it.",
            },
        ),
        "d": Case(
            "Summaries come out too long. Nobody has told the model how long they should be.",
            "prompt",
            {
                "search": "Nothing is missing in the documents. What is missing is one sentence: how long.",
                "function call": "There is nothing to look up. Say how long, and show two examples.",
                "fine-tuning": "That is training for what one sentence may do. First say how long, and see.",
            },
        ),
        "e": Case(
            "A prompt of three pages with rules and examples works very well. It is sent a million times a month.",
            "fine-tuning",
            {
                "prompt": "It works, and you pay for three pages a million times. The examples can move into the "
                "model.",
                "search": "Search would add text to the prompt. Here the prompt is to become shorter.",
                "function call": "A call fetches facts. The three pages are rules and examples, which can be learned.",
            },
        ),
    },
    after="Facts that change: ask a program, or search. A way of answering, with many examples at hand: fine-tune. "
    "And a better prompt before both.",
    hints=(
        "Ask of each: does something change often, is it about facts or about a way of answering, was a better prompt "
        "tried?",
        "Two of the five are for fine-tuning: the one with 600 examples, and the one with a million requests.",
    ),
)
