"""The quiz that closes each notebook: every wrong choice has its own explanation."""

from dataclasses import dataclass
from typing import Any

from helpers.display.markdown import ShownAsMarkdown
from helpers.exercise import Checked
from helpers.exercises import record
from helpers.exercises.catalogue import NOTEBOOKS, load_quiz
from helpers.exercises.definition import Verdict
from helpers.exercises.question import Question


@dataclass(frozen=True, repr=False)
class Quiz(ShownAsMarkdown):
    """The questions of a notebook. Shown, it is all of them; `answer` takes a question's number and a letter."""

    notebook: str
    questions: list[Question]

    def __str__(self) -> str:
        shown = "\n\n".join(map(_shown, range(1, len(self.questions) + 1), self.questions))
        title = f"**Quiz {self.notebook}: {NOTEBOOKS[self.notebook]}**"
        return f'{title}\n\n{shown}\n\nAnswer with `quiz("{self.notebook}").answer(1, "a")`.'

    def answer(self, question: int, choice: str) -> Checked:
        """Say whether a choice is right, and why or why not. The first answer to each question is the one that counts.

        Raises ValueError if there is no such question or choice.
        """
        asked = self._question(question)
        letter = choice.strip().lower() if isinstance(choice, str) else choice
        if letter not in asked.choices:
            raise ValueError(f"choice: found {choice!r}; expected one of: {', '.join(asked.choices)}")
        right = letter == asked.right
        verdict = Verdict("right", asked.why) if right else Verdict("wrong", asked.why_not[letter])
        try:
            record.keep_answer(self.notebook, question, right)
        except (OSError, record.ProgressError) as error:
            return Checked(verdict, f"(Your progress could not be noted: {str(error).rstrip('.')}.)")
        return Checked(verdict)

    def _question(self, number: Any) -> Question:
        if isinstance(number, bool) or not isinstance(number, int) or not 1 <= number <= len(self.questions):
            raise ValueError(f"question: found {number!r}; expected a number from 1 to {len(self.questions)}")
        return self.questions[number - 1]


def _shown(number: int, question: Question) -> str:
    choices = "\n".join(f"- **{letter}**: {text}" for letter, text in question.choices.items())
    return f"{number}. {question.text}\n\n{choices}"


def quiz(notebook: str) -> Quiz:
    """The quiz of a notebook, such as "03". In JupyterLab, `quiz_form` from helpers.forms has buttons for it.

    Raises LookupError if there is none.
    """
    return Quiz(notebook, load_quiz(notebook))
