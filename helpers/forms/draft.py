"""Let a model write examples; keep or drop each; add what is kept to your own examples."""

from pathlib import Path

import ipywidgets as widgets
from openai import OpenAI

from helpers import notes
from helpers.connection.catalogue import SIMULATED_DEFAULT, UnknownModelError, base_model
from helpers.data_format import from_rows, read, write
from helpers.display.form_card import SUCCESS, WARNING, marked
from helpers.display.tables import escape, paragraph, plural
from helpers.draft import RECORDED, Draft, DraftedPair, draft, drafting_cost, recorded_draft, request_for
from helpers.forms.form import LABELS, Agreement, Form, button, client_or_default, dropdown, hide, row, text, wide
from helpers.forms.in_use import InUse, own_system
from helpers.forms.unsaved_rows import UnsavedRows
from helpers.hosts import base_model_for, current_host
from helpers.my_case import COURSE_SYSTEM
from helpers.own_file.to_examples.simple_example import pair_of
from helpers.preflight import preflight

TOPIC = "the CloudRest mattress, sold in a shop"
ASPECTS = "comfort, environment, price, installation"
CHOOSE_ANOTHER = " So the fields below have no effect; for a topic of your own, choose a model that is not simulated."


class DraftedRow(widgets.VBox):
    """One drafted pair with a box to keep it. Bad ones and duplicates are not ticked, nor what is not `proposed`."""

    def __init__(self, pair: DraftedPair, number: int, proposed: bool) -> None:
        self.pair = pair
        self.keep = widgets.Checkbox(proposed and not pair.problem, description=f"Keep number {number}", indent=False)
        self.keep.disabled = not (pair.question and pair.answer)
        self.keep.layout.width = "10em"
        problem = marked(paragraph(pair.problem), WARNING) if pair.problem else ""
        said = f"{escape(pair.question)}<br>{escape(pair.answer)}{problem}"
        shown = widgets.HTML(f'<div style="line-height:1.4">{said}</div>', layout=widgets.Layout(flex="1 1 20em"))
        super().__init__([row(self.keep, shown)])


class DraftForm(Form):
    def __init__(self, client: OpenAI, path: Path) -> None:
        self.client, self.path = client, path
        models = preflight(client).models
        self.model = dropdown("Model", models or [base_model_for(client)])
        if SIMULATED_DEFAULT in self.model.options:
            self.model.value = SIMULATED_DEFAULT
        self.own = own_system(otherwise=COURSE_SYSTEM) != COURSE_SYSTEM
        self.topic = text("Topic", TOPIC, "what the examples are about")
        self.aspects = text("Aspects", ASPECTS, "what people ask about, with commas between")
        self.language = text("Language", "English")
        self.number = widgets.BoundedIntText(15, min=1, max=100, description="How many", style=LABELS, layout=wide())
        self.ask, self.add = button("Write examples"), button("Add the ticked ones to my examples", "success")
        self.recorded = button("Take the recorded draft, for the lesson", "")
        self.agree, self.about_model = Agreement(client), widgets.HTML()
        self.drafted, self.added, self.in_use = widgets.VBox(), widgets.HTML(), InUse()
        hide(self.add)
        super().__init__("Let a model write examples", "draft(client, model, topic, aspects=[...])", [
            self.model, self.about_model, self.topic, self.aspects, self.language, self.number, self.agree,
            row(self.ask, self.recorded),
        ], below=[self.drafted, row(self.add), self.added, self.in_use])  # fmt: skip
        self.layout.max_width = None  # answers need the page
        for field in (self.model, self.topic, self.aspects, self.language, self.number):
            field.observe(lambda _: self._propose(), "value")
        self.ask.on_click(lambda _: self.work(self.ask, self._draft, "The model is writing ..."))
        self.model.observe(lambda _: self._show_what_counts(), "value")
        self.recorded.on_click(lambda _: self.work(self.recorded, self._take_recorded, "Reading ..."))
        self.add.on_click(lambda _: self.work(self.add, self._add, "Saving ...", at=self.added))
        self._propose()
        self._show_what_counts()

    def _is_simulated(self) -> bool:
        """Whether the chosen model gives the recorded draft, whatever it is asked."""
        try:
            simulated = base_model(self.model.value).engine == "simulator"
        except UnknownModelError:
            return False
        return simulated and current_host(self.client).kind == "practice"

    def _show_what_counts(self) -> None:
        """What has no effect is disabled. The recorded draft is always offered."""
        simulated = self._is_simulated()
        if self.own and not simulated and (self.topic.value, self.aspects.value) == (TOPIC, ASPECTS):
            self.topic.value = self.aspects.value = ""  # what another case is about, only its owner knows
        for field in (self.topic, self.aspects, self.language, self.number):
            field.disabled = simulated
        self.about_model.value = paragraph(f"{RECORDED}{CHOOSE_ANOTHER}") if simulated else ""
        hide(self.recorded, simulated)

    def _asked(self) -> dict:
        return {
            "topic": self.topic.value,
            "aspects": self.aspects.value.split(","),
            "n": self.number.value,
            "language": self.language.value,
        }

    def _propose(self) -> None:
        try:
            request = request_for(**self._asked())
        except ValueError:
            return  # said when the button is pressed
        self.agree.propose(drafting_cost(self.model.value, request, self.number.value))

    def _draft(self) -> None:
        self._propose()
        model, asked = self.model.value, self._asked()  # read once: a field may be changed meanwhile
        limit = self.agree.demand(drafting_cost(model, request_for(**asked), asked["n"]))
        made = draft(self.client, model, **asked, known=self._known(), limit_usd=limit)
        self.agree.value = False
        self._show(made)

    def _take_recorded(self) -> None:
        self._show(recorded_draft(self._known()))

    def _known(self) -> list[str]:
        return [pair[0] for pair in map(pair_of, self._mine()) if pair]

    def _show(self, made: Draft) -> None:
        # Examples about the course's mattress do not belong among those of another case, unless a person says so.
        proposed = not (made.recorded and self.own)
        self.drafted.children = tuple(DraftedRow(pair, number, proposed) for number, pair in enumerate(made.pairs, 1))
        hide(self.add, False)
        self.added.value = ""
        self.say_text(
            f"{made.summary} Read each one: a model invents facts. Then add the ticked ones, with the button below.",
            kind="" if made.recorded else SUCCESS,
        )

    def _mine(self) -> list[dict]:
        return read(self.path) if self.path.exists() else []

    def _add(self) -> None:
        kept = [each.pair for each in self.drafted.children if each.keep.value]
        if not kept:
            raise ValueError("Nothing is ticked, so nothing was added.")
        if unsaved := UnsavedRows(self.path).all_drafts():
            names = ", ".join(path.name for path in unsaved)
            raise ValueError(
                f"The form above has rows that are not saved ({names}). Press Save there first; if it does not show "
                "them, run its cell again. Nothing was added."
            )
        mine = self._mine()
        systems = (
            [message["content"] for message in mine[0]["messages"] if message["role"] == "system"]
            if mine
            else [own_system(otherwise=COURSE_SYSTEM)]
        )
        new = from_rows(
            [{"question": pair.question, "answer": pair.answer} for pair in kept],
            system=systems[0] if systems else None,
        )
        write([*mine, *new], self.path, overwrite=True)
        self.in_use.choose(self.path)
        self.drafted.children = ()
        hide(self.add)
        self.say_text(
            f"Added {plural(len(new), 'example')} to workspace/{self.path.name}, which has {len(mine) + len(new)} now. "
            "To edit them, run the cell of the form above again.",
            at=self.added,
            kind=SUCCESS,
        )


def draft_form(client: OpenAI | None = None, path: str | Path | None = None) -> DraftForm:
    """The form for drafts in notebook 01. The plain call is `draft(client, model, topic)`."""
    return DraftForm(client_or_default(client), Path(path) if path else notes.workspace() / "my_examples.jsonl")
