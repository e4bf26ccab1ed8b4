"""Code behind a line that opens it, with a button that copies it."""

import anywidget
import traitlets

SCRIPT = """
function render({ model, el }) {
  const details = document.createElement("details");
  const summary = document.createElement("summary");
  const pre = document.createElement("pre");
  const button = document.createElement("button");
  const said = document.createElement("span");
  summary.textContent = model.get("label");
  button.type = "button"; button.textContent = "Copy"; said.setAttribute("role", "status");
  const show = () => { pre.textContent = model.get("code"); said.textContent = ""; };
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(pre.textContent);
      said.textContent = " Copied.";
    } catch (error) {
      getSelection().selectAllChildren(pre);
      said.textContent = " Selected: press Ctrl+C, on a Mac Cmd+C.";
    }
  });
  model.on("change:code", show);
  show();
  details.append(summary, pre, button, said);
  el.classList.add("course-code");
  el.append(details);
}
export default { render };
"""
STYLE = """
.course-code { color: var(--jp-ui-font-color1, inherit); padding: 2px; }
.course-code summary { cursor: pointer; }
.course-code pre { overflow-x: auto; padding: 8px; border: 1px solid var(--jp-border-color1, currentColor); }
.course-code button { font: inherit; padding: 2px 12px; cursor: pointer; color: var(--jp-ui-font-color1, inherit);
  background: var(--jp-layout-color2, transparent); border: 1px solid var(--jp-border-color1, currentColor);
  border-radius: 4px; }
.course-code :focus-visible { outline: 2px solid var(--course-accent, #1565c0); outline-offset: 2px; }
"""


class CodeField(anywidget.AnyWidget):
    """Shows `code`. Without a clipboard, as on a page that is not from this computer, Copy selects it instead."""

    _esm = SCRIPT
    _css = STYLE
    label = traitlets.Unicode("As Python").tag(sync=True)
    code = traitlets.Unicode("").tag(sync=True)
