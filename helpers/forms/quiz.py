"""A quiz with buttons: choose, see at once why it is right or what is wrong with it."""

import ipywidgets as widgets

from helpers.display.markdown import lines_as_html
from helpers.exercises.catalogue import NOTEBOOKS
from helpers.exercises.question import Question
from helpers.forms.form import Form, button, wide
from helpers.quiz import Quiz, quiz


class Asked(widgets.VBox):
    """One question: its choices, a button, and what was said to the choice."""

    def __init__(self, form: "QuizForm", number: int, question: Question) -> None:
        self.form, self.number = form, number
        choices = [(f"{letter}: {text.replace('`', '')}", letter) for letter, text in question.choices.items()]
        self.choice = widgets.RadioButtons(options=choices, value=None, layout=wide())
        self.button = button("Check", "", tooltip=f"Check the answer to question {number}")
        self.said = widgets.HTML()
        self.button.on_click(lambda _: self.check())
        text = widgets.HTML(f"<strong>{number}. {lines_as_html(question.text)}</strong>")
        super().__init__([text, self.choice, self.button, self.said], layout=wide())

    def check(self) -> None:
        with self.form.telling(self.said):
            if self.choice.value is None:
                self.form.say_text("Choose one first.", self.said)
            else:
                self.form.say(self.form.quiz.answer(self.number, self.choice.value)._repr_html_(), self.said)


class QuizForm(Form):
    def __init__(self, asked: Quiz) -> None:
        self.quiz = asked
        self.questions = [Asked(self, number, question) for number, question in enumerate(asked.questions, 1)]
        super().__init__(f"Quiz: {NOTEBOOKS[asked.notebook]}", f'quiz("{asked.notebook}")', self.questions)


def quiz_form(notebook: str) -> QuizForm:
    """The quiz that closes a notebook, such as "03". The plain call is `quiz("03")`, and `.answer(1, "a")` of it."""
    return QuizForm(quiz(notebook))
