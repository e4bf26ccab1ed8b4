"""What you have done in this course, kept between restarts in your workspace, and a certificate of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from helpers.course_data.paths import workspace
from helpers.course_data.safe_writing import written_safely
from helpers.display.tables import Shown, html_table, plural, text_table
from helpers.exercises import record
from helpers.exercises.catalogue import NOTEBOOKS, exercise_ids, load_exercise, load_quiz, quiz_numbers
from helpers.exercises.certificate import page
from helpers.usage import ledger

CERTIFICATE = "certificate.html"
HEADERS = ("exercise", "what you do", "state")


@dataclass(frozen=True, repr=False)
class Certificate(Shown):
    """The page that was written. Open it in a browser and print it."""

    path: Path

    def __fspath__(self) -> str:
        return str(self.path)

    def __str__(self) -> str:
        return f"{self.path.name} is in your workspace. Open it in a browser and print it."


@dataclass(frozen=True, repr=False)
class Progress(Shown):
    """What is done, by notebook. It is as it was when `progress()` was called."""

    kept: dict[str, dict[str, Any]]

    @property
    def done(self) -> list[str]:
        """The ids of the exercises that are solved."""
        return [id for id in exercise_ids() if "done" in self._entry(id)]

    def reset(self, *, forget_everything: bool = False) -> str:
        """Begin anew. What was done is forgotten only with `forget_everything=True`."""
        if not forget_everything:
            return (
                "Nothing was changed. To forget all exercises and quizzes that you have done, write: "
                "progress().reset(forget_everything=True)"
            )
        record.forget()
        return "Your progress begins anew. Files that you made for exercises are still in your workspace."

    def certificate(
        self, name: str, *, measured: Mapping[str, object] | None = None, overwrite: bool = False
    ) -> Certificate:
        """Write a page with your name, the date, what you have done and what was measured, to print.

        Args:
            name: Your name, as it shall stand there.
            measured: What you measured yourself, such as `{"right answers, base model": "3 of 20"}`.
            overwrite: Replace a certificate that is there.

        Raises:
            ValueError: Nothing is done yet, or there is no name.
            FileExistsError: There is one already.
        """
        if not name.strip():
            raise ValueError('Whose certificate is it? Write progress().certificate("Your name").')
        if not self.done:
            raise ValueError("No exercise is solved yet, so there is nothing to certify. Begin with exercise 00.1.")
        solved = [(id, load_exercise(id).title, self._state(id).removeprefix("done on ")) for id in self.done]
        quizzes = [(f"{number} {NOTEBOOKS[number]}", self._quiz(number)) for number in self._quizzes()]
        seen = [(load_exercise(id).title, self._entry(id)["says"]) for id in self.done if load_exercise(id).measures]
        facts = [*seen, *_used(), *((str(what), str(value)) for what, value in (measured or {}).items())]
        written = page(name, date.today(), len(exercise_ids()), solved, quizzes, facts)
        path = workspace() / CERTIFICATE
        if path.exists() and not overwrite:
            raise FileExistsError(
                f"{CERTIFICATE} is in your workspace already and was left as it is. To write it anew: "
                f"progress().certificate({name!r}, overwrite=True)"
            )
        with written_safely(path, overwrite) as file:
            file.write(written.encode("utf-8"))
        return Certificate(path)

    def _quizzes(self) -> list[str]:
        return [number for number in quiz_numbers() if number in self.kept[record.QUIZZES]]

    def _entry(self, id: str) -> dict[str, Any]:
        return self.kept[record.EXERCISES].get(id, {})

    def _state(self, id: str) -> str:
        entry = self._entry(id)
        if "done" in entry:
            after = ", after its solution was shown" if entry.get("solution_seen") else ""
            tries = "1 try" if entry["tries"] == 1 else f"{entry['tries']} tries"
            return f"done on {entry['done']} ({tries}{after})"
        return "tried" if entry.get("tries") else "solution seen" if entry else "open"

    def _quiz(self, notebook: str) -> str:
        answers = self.kept[record.QUIZZES].get(notebook, {})
        if not answers:
            return "open"
        first = sum(bool(answer.get("first")) for answer in answers.values())
        return f"{len(answers)} of {plural(len(load_quiz(notebook)), 'question')} answered, {first} right at once"

    def _summary(self) -> str:
        return f"Your progress: {len(self.done)} of {plural(len(exercise_ids()), 'exercise')} done"

    def _rows(self) -> list[tuple[str, str, str]]:
        rows = [(id, load_exercise(id).title, self._state(id)) for id in exercise_ids()]
        rows += [(f"{number} quiz", NOTEBOOKS[number], self._quiz(number)) for number in quiz_numbers()]
        return sorted(rows, key=lambda row: (row[0][:2], row[0].endswith("quiz"), row[0]))

    def __str__(self) -> str:
        return f"{self._summary()}\n{text_table(self._rows())}"

    def _repr_html_(self) -> str:
        return html_table(HEADERS, self._rows(), caption=self._summary())


def _used() -> list[tuple[str, str]]:
    """What the book of the course counted, model by model."""
    return [
        (f"{model} on {host}", f"{plural(calls, 'question')}, {tokens_in + tokens_out:,} tokens")
        for host, model, calls, tokens_in, tokens_out, _ in ledger().rows
    ]


def progress() -> Progress:
    """What you have done: `progress().certificate("Your Name")` writes a page of it, `.reset()` begins anew.

    Raises ProgressError if workspace/progress.json cannot be read.
    """
    return Progress(record.load())
