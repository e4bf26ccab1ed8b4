"""A number that is moved with the mouse, a finger or the arrow keys; with a label that a screen reader finds.

(The slider of ipywidgets 8.1 has a label beside it that does not belong to it.)
"""

from typing import Any

import anywidget
import traitlets

SCRIPT = """
function render({ model, el }) {
  const label = document.createElement("label");
  const input = document.createElement("input");
  const output = document.createElement("output");
  input.id = "course-slider-" + Math.random().toString(36).slice(2);
  label.htmlFor = output.htmlFor = input.id; label.textContent = model.get("label");
  input.type = "range";
  for (const name of ["min", "max", "step"]) input[name] = model.get(name);
  const write = (value) => { output.textContent = Number(value).toLocaleString("en"); };
  const show = () => { input.value = model.get("value"); write(input.value); };
  input.addEventListener("input", () => write(input.value));
  input.addEventListener("change", () => { model.set("value", Number(input.value)); model.save_changes(); });
  input.addEventListener("keydown", (event) => event.stopPropagation());
  model.on("change:value", show);
  show();
  el.classList.add("course-slider");
  el.append(label, input, output);
}
export default { render };
"""
STYLE = """
.course-slider { display: flex; flex-wrap: wrap; gap: 0 8px; align-items: center; padding: 2px; max-width: 60em;
  box-sizing: border-box; color: var(--jp-ui-font-color1, inherit); }
.course-slider label { flex: 0 0 calc(var(--course-label, 11em) - 4px); }
.course-slider input { flex: 1 1 8em; min-width: 6em; accent-color: var(--course-accent, #1565c0); }
.course-slider output { flex: 0 0 4em; font-variant-numeric: tabular-nums; }
.course-slider :focus-visible { outline: 2px solid var(--course-accent, #1565c0); outline-offset: 2px; }
"""


class Slider(anywidget.AnyWidget):
    """A number between two others; Python hears of it when the learner lets go.

    Args:
        label: stands before the slider.
        value: where it is at first.
        low: the least.
        high: the most.
        step: by how much it moves.
    """

    _esm = SCRIPT
    _css = STYLE
    label = traitlets.Unicode().tag(sync=True)
    value = traitlets.Float().tag(sync=True)
    min = traitlets.Float().tag(sync=True)
    max = traitlets.Float().tag(sync=True)
    step = traitlets.Float().tag(sync=True)

    def __init__(self, label: str, value: float, low: float, high: float, step: float, **traits: Any) -> None:
        super().__init__(label=label, value=value, min=low, max=high, step=step, **traits)

    @traitlets.validate("value")
    def _between(self, proposal: dict[str, Any]) -> float:
        value = proposal["value"]
        if value < self.min or value > self.max:
            raise traitlets.TraitError(f"{self.label}: found {value}; expected {self.min:g} to {self.max:g}")
        return value
