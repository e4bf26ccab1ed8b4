"""A field for a key that never holds it: what is typed is sent to Python as a message and cleared.

An ipywidgets Password keeps its text in widget state, which JupyterLab can save into the notebook. This one has no such
state, so there is nothing to save.
"""

from collections.abc import Callable
from typing import Any

import anywidget
import traitlets

SCRIPT = """
function render({ model, el }) {
  const label = document.createElement("label");
  const input = document.createElement("input");
  const button = document.createElement("button");
  const id = "course-key-" + Math.random().toString(36).slice(2);
  label.htmlFor = id; label.textContent = model.get("label");
  input.id = id; input.type = "password"; input.autocomplete = "off"; input.spellcheck = false;
  button.type = "button"; button.textContent = model.get("action");
  const show = () => {
    label.hidden = input.hidden = !model.get("needed");
    button.disabled = model.get("busy");
  };
  const send = () => {
    if (button.disabled) return;
    button.disabled = true;
    model.send({ key: input.value });
    input.value = "";
  };
  button.addEventListener("click", send);
  input.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key === "Enter") send();
  });
  model.on("change:needed", show); model.on("change:busy", show);
  show();
  el.classList.add("course-key");
  el.append(label, input, button);
}
export default { render };
"""
STYLE = """
.course-key { display: flex; flex-wrap: wrap; gap: 4px 8px; align-items: center; padding: 2px; }
.course-key label { width: calc(var(--course-label, 11em) - 4px); color: var(--jp-ui-font-color1, inherit); }
.course-key label[hidden], .course-key input[hidden] { display: none; }
.course-key input { flex: 1 1 14em; max-width: 30em; font: inherit; padding: 4px 6px;
  color: var(--jp-ui-font-color1, inherit); background: var(--jp-layout-color1, transparent);
  border: 1px solid var(--jp-border-color1, currentColor); }
.course-key button { font: inherit; padding: 4px 14px; cursor: pointer; color: #fff;
  background: var(--course-button, #1565c0); border: 0; border-radius: 4px; }
.course-key button:disabled { opacity: 0.5; cursor: default; }
.course-key :focus-visible { outline: 2px solid var(--course-accent, #1565c0); outline-offset: 2px; }
"""


class KeyField(anywidget.AnyWidget):
    """A password field with a button. `on_key` is called with the text at each click; nothing here keeps it."""

    _esm = SCRIPT
    _css = STYLE
    label = traitlets.Unicode("Key").tag(sync=True)
    action = traitlets.Unicode("Connect").tag(sync=True)
    needed = traitlets.Bool(False).tag(sync=True)  # whether there is anything to type: the practice server needs no key
    busy = traitlets.Bool(False).tag(sync=True)

    def __init__(self, on_key: Callable[[str], None], **traits: Any) -> None:
        super().__init__(**traits)
        self.on_msg(lambda _widget, content, _buffers: on_key(str(content.get("key", "")).strip()))
