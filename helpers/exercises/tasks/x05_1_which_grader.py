"""05.1: choose the grader that fits."""

from helpers.exercises.kinds import Case, choose

EXACT, CONTAINS, FIELDS, SIMILAR, JUDGE = "exact", "contains", "JSON fields", "similarity", "a model as judge"

EXERCISE = choose(
    title="Which grader?",
    task="Which grader would you count right answers with? The simplest one that is fair.",
    cases={
        "a": Case(
            "The model sorts mails into five classes and answers with one word.",
            EXACT,
            {
                CONTAINS: '"not urgent" contains "urgent". For one word of five, ask for just that word.',
                FIELDS: "There are no fields: the answer is one word.",
                SIMILAR: '"urgent" and "not urgent" are very similar, and opposite.',
                JUDGE: "To compare two words, nobody needs to be asked.",
            },
        ),
        "b": Case(
            "The model answers in a sentence; right is whatever says that the warranty is ten years.",
            CONTAINS,
            {
                EXACT: "Nobody writes the same sentence twice. All right answers would count as wrong.",
                FIELDS: "It is a free sentence, without fields.",
                SIMILAR: '"The warranty is five years" is almost the same sentence, and wrong.',
                JUDGE: "A few accepted wordings do it, cost nothing, and say the same tomorrow.",
            },
        ),
        "c": Case(
            "The model turns mails into `product`, `problem` and `order`, as JSON.",
            FIELDS,
            {
                EXACT: "Another order of the fields or one more space would count as wrong.",
                CONTAINS: "The right word in the wrong field would count as right.",
                SIMILAR: "One wrong digit in the order number hardly changes the similarity.",
                JUDGE: "Fields can be compared by a program, one by one, and it says which one was wrong.",
            },
        ),
        "d": Case(
            "Whether replies to guests sound like your house.",
            JUDGE,
            {
                EXACT: "A thousand different replies can have the same voice.",
                CONTAINS: "A voice is not in one word.",
                FIELDS: "There are no fields in a letter.",
                SIMILAR: "The same content in another voice would be similar too. Somebody has to judge.",
            },
        ),
        "e": Case(
            "The model corrects spelling; there is one corrected text, and nearly right is worth something.",
            SIMILAR,
            {
                EXACT: "One comma missed in a page would count like a page not corrected.",
                CONTAINS: "The whole text has to be right, not one word in it.",
                FIELDS: "It is a running text, without fields.",
                JUDGE: "You have the right text: a program can say how near the answer is.",
            },
        ),
    },
    after="The simpler the grader, the easier it is to trust. A judge comes last, and has to be checked itself.",
    hints=("Is there one right answer? One right form? Only a right manner?", "Each of the five is used once."),
)
