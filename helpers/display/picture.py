"""A picture that explains: HTML in a notebook, and everywhere else the sentence that says what to see in it."""

from dataclasses import dataclass

from helpers.display.tables import Shown


@dataclass(frozen=True, repr=False)
class Picture(Shown):
    """`html` has the sentence in it as well, and an alternative text for what cannot be read aloud."""

    sentence: str
    html: str

    def __str__(self) -> str:
        return self.sentence

    def _repr_html_(self) -> str:
        return self.html
