"""Your case: the one file that the notebooks work with. The course's own, until you choose yours in notebook 01."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from helpers import notes
from helpers.course_data.given import existing_file
from helpers.course_data.paths import COURSE_TRAINING, COURSE_VALIDATION, course_file, workspace
from helpers.display.tables import Shown, cut, html_table, plural, short_path, text_table
from helpers.examples_from import OwnFileError
from helpers.own_case.parts import CaseError, Parts, fingerprint, load, make, suffix_of

BACK = "To go back to the file of the course: use_course_file()"

COURSE_SYSTEM = (
    "You are the sales assistant of CloudRest, a mattress shop. Answer in one or two friendly, factual sentences."
)
COURSE_SUFFIX = "mattress"
COURSE_QUESTIONS = (
    "If something breaks, how many years am I covered by the warranty?",
    "Is it difficult to set it up?",
    "Can I try it before I decide?",
    "How firm is the mattress?",
    "What does the queen size cost?",
)


@dataclass(frozen=True, repr=False)
class Case(Shown):
    """What the notebooks use of a file.

    Attributes:
        name: the file, as you know it.
        training_file: the examples to learn from.
        validation_file: the examples to check with; none of them is in the training file.
        system: the system message that most examples have; None if that is none.
        suffix: a part of the model's name.
        known_question: a question that stands in the training file, word for word.
        questions: five or more to try a model with. The first and the last ones are not in the training file.
        own: whether it is your own file, and not the course's.
        counts: how many there are in both, of your own file.
        left_out: what became no example, with the reason.
    """

    name: str
    training_file: Path
    validation_file: Path
    system: str | None
    suffix: str
    known_question: str
    questions: tuple[str, ...]
    own: bool = False
    counts: tuple[int, int] | None = None
    left_out: tuple[str, ...] = ()

    @property
    def summary(self) -> str:
        if self.counts is None:
            return f"The file of the course: {self.name}."
        to_learn, to_check = self.counts
        return f"Your file: {self.name}, {plural(to_learn, 'example')} to learn from, {to_check:,} to check with."

    @property
    def to_try(self) -> str:
        return " | ".join(cut(question, 80) for question in (self.known_question, *self.questions[:3]))

    def _rows(self) -> list[tuple[str, str]]:
        return [
            ("training file", short_path(self.training_file)),
            ("validation file", short_path(self.validation_file)),
            ("system message", self.system or "(none)"),
            ("suffix", self.suffix),
            ("questions to try", self.to_try),
            *(("left out", each) for each in self.left_out),
        ]

    def __str__(self) -> str:
        return "\n".join([self.summary, text_table(self._rows()), *([BACK] if self.own else [])])

    def _repr_html_(self) -> str:
        return html_table(["what", "value"], self._rows(), caption=f"{self.summary} {BACK if self.own else ''}")


def my_case(*, quiet: bool = False) -> Case:
    """The case that was chosen last, with a sentence if it is your own file. The course's, if none was chosen.

    A file that was changed since then is read again. Raises CaseError if it cannot be used any more.
    """
    chosen = notes.chosen_file()
    if not chosen:
        return _course()
    try:
        case = _own(chosen)
    except (CaseError, OwnFileError) as error:
        # No notebook goes back to the course's file unasked.
        raise CaseError(f"{error} {BACK}") from error
    if not quiet:
        print(f"{case.summary} {BACK}\nQuestions to try: {case.to_try}")
    return case


def was_chosen() -> bool:
    """Whether somebody has said which file it shall be: their own, or the course's again."""
    return notes.chosen_file() is not None


def use_file(
    path: str | os.PathLike[str],
    *,
    name: str | None = None,
    validation: str | os.PathLike[str] | None = None,
    **reading: Any,
) -> Case:
    """From now on, notebooks 02 to 04 and the forms use this file, until you call this again or `use_course_file`.

    Args:
        path: any file that `examples_from` reads. It is never changed.
        name: what it is called; by default its own name.
        validation: a file with the examples to check with. Without one, a fifth of the examples is held back.
        **reading: what `examples_from` needs to read it: `question`, `answer`, `system`, `assistant`, `only`, `sheet`,
            `encoding`.

    Returns:
        What the notebooks will use of it.

    Raises:
        CaseError: it has too few examples, or none with a question.
        AmbiguousFile: there is more than one way to read it.
        UnreadableFile: there is none.
        FileNotFoundError: a path leads nowhere.
    """
    source = _found(path)
    chosen = {
        "path": _kept(source),
        "name": name or source.name,
        "validation": None if validation is None else _kept(_found(validation)),
        "reading": reading,
    }
    return _own(chosen)


def use_course_file() -> Case:
    """From now on, the notebooks use the file of the course again. Yours stays where it is."""
    notes.choose_file({})
    return _course()


def _course() -> Case:
    return Case(
        COURSE_TRAINING[0],
        course_file(COURSE_TRAINING[0]),
        course_file(COURSE_VALIDATION),
        COURSE_SYSTEM,
        COURSE_SUFFIX,
        "How long is the warranty?",
        COURSE_QUESTIONS,
    )


def _own(chosen: dict[str, Any]) -> Case:
    """The case of a file, read anew if it has changed; and the note of it."""
    name, source = chosen["name"], _opened(chosen["path"])
    validation = None if chosen.get("validation") is None else _opened(chosen["validation"])
    if not source.exists():
        # It was moved or deleted. What was made of it is still there.
        parts = load(_folder(chosen.get("made", "")), name)
        if parts is None:
            raise CaseError(
                f"{name}: found no such file any more; expected it at {short_path(source)}. Choose another one with "
                "use_file(path) or in notebook 01."
            )
        return _case(name, parts)
    made = fingerprint(source, validation, chosen["reading"])
    parts = load(_folder(made), name)
    if parts is None:
        parts = make(_folder(made), name, source, validation, chosen["reading"])
    if made != chosen.get("made"):
        notes.choose_file({**chosen, "made": made})
    return _case(name, parts)


def _case(name: str, parts: Parts) -> Case:
    return Case(
        name,
        parts.training_file,
        parts.validation_file,
        parts.system,
        suffix_of(name),
        parts.questions[0],
        tuple(parts.questions[1:]),
        own=True,
        counts=parts.counts,
        left_out=parts.left_out,
    )


def _folder(made: str) -> Path:
    return workspace() / "own" / made


def _found(path: str | os.PathLike[str]) -> Path:
    """A file beside the notebook, or else in the workspace."""
    there = workspace() / path
    return there if not Path(path).exists() and there.is_file() else existing_file(path)


def _kept(path: Path) -> str:
    """As it stands in the notes: from the workspace, so that it can be moved with the course."""
    path, home = path.resolve(), workspace().resolve()
    return path.relative_to(home).as_posix() if path.is_relative_to(home) else str(path)


def _opened(kept: str) -> Path:
    return workspace() / kept


__all__ = ["Case", "CaseError", "my_case", "use_course_file", "use_file"]
