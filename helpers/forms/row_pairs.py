"""Which examples the rows of a form can show: one question, one answer, and one system message for all."""

from dataclasses import dataclass, field

from helpers.examples_from import Examples
from helpers.own_file.to_examples.simple_example import pair_of


@dataclass
class Pairs:
    """Rows that a table of questions and answers can show, and the system message that all have."""

    pairs: list[tuple[str, str]] = field(default_factory=list)
    system: str | None = None


def as_pairs(found: Examples) -> tuple[Pairs, list[str]]:
    """What the rows of this form can show, and the reasons why the rest was left out."""
    shown, left = Pairs(), [str(each) for each in found.skipped]
    for number, example in enumerate(found, 1):
        pair = pair_of(example)
        if pair is None:
            left.append(f"example {number}: more than one question with one answer")
        elif shown.pairs and pair[2] != shown.system:
            left.append(f"example {number}: another system message")
        else:
            shown.system = pair[2]
            shown.pairs.append(pair[:2])
    return shown, left
