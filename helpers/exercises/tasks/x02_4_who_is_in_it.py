"""02.4: find the answers with somebody's personal data before they leave the computer."""

from helpers.exercises.kinds import Item, pick

EXERCISE = pick(
    title="Who is in it?",
    task="Eight answers, as they stand in the mails of a shop. Pick those that must be rewritten before you upload "
    "them.",
    items={
        1: Item(
            '"The firmness is about 6 on a scale of 10."',
            False,
            "6 and 10 are about the mattress and about nobody.",
        ),
        2: Item(
            '"Your order 20931 leaves us on Friday, Ms Okafor."',
            True,
            "Left in: a name and an order number, which together are one person.",
        ),
        3: Item('"The warranty is a full 10-year warranty."', False, "A number of years is nobody's."),
        4: Item(
            '"I will call you back at 0151 23456789."',
            True,
            "Left in: a customer's telephone number, which the model can repeat to anyone.",
        ),
        5: Item(
            '"Our showroom is open from ten to six."',
            False,
            "The hours of your own shop are meant for everybody.",
        ),
        6: Item(
            '"As you write, your back has hurt since the operation in May; the zones support it."',
            True,
            "Left in: no name and no number, and still somebody's health.",
        ),
        7: Item(
            '"The old mattress is taken away free of charge."',
            False,
            "Nobody is in this answer.",
        ),
        8: Item(
            '"We deliver to the third floor of Mill Lane 4, above the bakery."',
            True,
            "Left in: an address, which is a person for everybody who knows the street.",
        ),
    },
    after="What a model has learned it can repeat to anyone. No program finds all of these: somebody has to read.",
    hints=("Could somebody be recognised by it?", "Four of the eight. One of them has neither a name nor a number."),
)
