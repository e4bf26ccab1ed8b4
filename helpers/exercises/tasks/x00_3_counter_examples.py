"""00.3: defend the choices of 00.2 against five counter-examples."""

from helpers.exercises.kinds import Case, choose

EXERCISE = choose(
    title="Defend your choice",
    task="Somebody objects: in each case of 00.2 one fact is different now. What do you choose then? (Not every "
    "choice falls.)",
    cases={
        "a": Case(
            'The bakery: customers only ask "Which kinds of rolls do you bake?", the same twelve for years.',
            "prompt",
            {
                "function call": "Nothing changes, so there is nothing to ask the till for: twelve names fit into the "
                "prompt.",
                "search": "Search is for more text than a prompt should carry. Twelve names are some forty tokens.",
                "fine-tuning": "Twelve names in the prompt cost next to nothing, and a thirteenth needs no training.",
            },
        ),
        "b": Case(
            "The manual is replaced only once in ten years. Each answer must still name its page.",
            "search",
            {
                "prompt": "It is still 400 pages, whether they change or not.",
                "function call": "The answer still stands in a text, and no program knows it.",
                "fine-tuning": "Your choice should not fall here: that it hardly changes speaks for training, but a "
                "tuned model still cannot name the page.",
            },
        ),
        "c": Case(
            "Your own voice: you have eight mails, not 600.",
            "prompt",
            {
                "fine-tuning": "Eight are too few: a job wants ten, and fifty are a good start. Put them into the "
                "prompt as examples.",
                "search": "With eight mails there is nothing to search: all of them fit into the prompt.",
                "function call": "A voice is still nothing that a program could be asked for.",
            },
        ),
        "d": Case(
            "Summaries: the prompt says how long and shows three examples. Nine of ten are right, all must be, and you "
            "have 300 good ones.",
            "fine-tuning",
            {
                "prompt": "The prompt has been tried, with examples, and stops at nine of ten. This is the next step.",
                "search": "The summaries lack no facts. They lack a habit, and 300 examples show it.",
                "function call": "Nothing is to be looked up. The habit can be learned from the 300.",
            },
        ),
        "e": Case(
            "Three pages of prompt, and they are sent a hundred times a month.",
            "prompt",
            {
                "fine-tuning": "A hundred requests a month cost cents. A training, and a new one for each change of a "
                "rule, never pays.",
                "search": "The prompt works. Nothing needs to be found.",
                "function call": "The prompt works. Nothing needs to be asked for.",
            },
        ),
    },
    after="How many examples you have, how often you ask, and whether an answer must show its source decide as much "
    "as the task does.",
    hints=(
        "What was the reason for your choice in 00.2? Is it still there?",
        "One choice stands: naming a page is what training can never do.",
    ),
)
