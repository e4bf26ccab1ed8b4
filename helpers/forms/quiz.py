"""A quiz with buttons: press a choice, see at once why it is right or what is wrong with it."""

import ipywidgets as widgets

from helpers.display.form_card import SUCCESS, WARNING, marked
from helpers.display.markdown import lines_as_html
from helpers.exercises.catalogue import NOTEBOOKS
from helpers.exercises.question import Question
from helpers.forms.form import Form, button, wide
from helpers.quiz import Quiz, quiz


class Choice(widgets.HBox):
    """A button with a letter, and the text beside it. (The labels of ipywidgets' RadioButtons cover each other where a
    page is so narrow that they need two lines.)"""

    def __init__(self, letter: str, text: str) -> None:
        self.button = button(letter, "", tooltip=f"{letter}: {text}")
        self.button.layout.flex = "0 0 auto"
        words = widgets.HTML(lines_as_html(text), layout=widgets.Layout(flex="1 1 0", min_width="0"))
        super().__init__([self.button, words], layout=wide())


class Asked(widgets.VBox):
    """One question: its choices, and what is said to the one that was pressed."""

    def __init__(self, form: "QuizForm", number: int, question: Question) -> None:
        self.form, self.number, self.right = form, number, question.right
        self.choices = {letter: Choice(letter, text) for letter, text in question.choices.items()}
        self.said = widgets.HTML()
        for letter, choice in self.choices.items():
            choice.button.on_click(lambda _, letter=letter: self.answer(letter))
        text = widgets.HTML(f"<strong>{number}. {lines_as_html(question.text)}</strong>")
        super().__init__([text, *self.choices.values(), self.said], layout=wide())

    def answer(self, letter: str) -> None:
        with self.form.telling(self.said):
            verdict = self.form.quiz.answer(self.number, letter)
            right = letter == self.right
            kind, word = (SUCCESS, "Right") if right else (WARNING, "Not right")
            self.form.say(marked(lines_as_html(f"{letter}: {verdict.says}"), kind, word), self.said)


class QuizForm(Form):
    def __init__(self, asked: Quiz) -> None:
        self.quiz = asked
        self.questions = [Asked(self, number, question) for number, question in enumerate(asked.questions, 1)]
        super().__init__(f"Quiz: {NOTEBOOKS[asked.notebook]}", f'quiz("{asked.notebook}")', self.questions)


def quiz_form(notebook: str) -> QuizForm:
    """The quiz that closes a notebook, such as "03". The plain call is `quiz("03")`, and `.answer(1, "a")` of it."""
    return QuizForm(quiz(notebook))
