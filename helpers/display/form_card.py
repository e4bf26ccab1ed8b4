"""How a form looks, once for all of them: a card with a title, one accent colour, one grid, marks in colour and word.

A widget that stands by itself in a notebook gets the class CARD, and `head(title)` as its first child, which brings the
style. Every rule holds only within a card, and takes JupyterLab's own colours, so that it fits each of its themes.
"""

from helpers.display.tables import escape

CARD = "course-card"
LABEL_WIDTH = "var(--course-label)"  # for the `description_width` of a widget
ERROR, WARNING, SUCCESS = "error", "warning", "success"
WORDS = {ERROR: "Error", WARNING: "Warning", SUCCESS: "Done"}

# The arrow of a list to choose from. JupyterLab's is black in a dark theme as well.
_ARROW = (
    "url(\"data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 18 18'%3E"
    "%3Cpath d='M5 7l4 4 4-4' fill='none' stroke='%23808080' stroke-width='2'/%3E%3C/svg%3E\")"
)
STYLE = """
.jupyter-widgets.course-card {
  --course-accent: #1565c0; --course-button: #1565c0;
  --course-error: #c62828; --course-warning: #9a5b00; --course-success: #2e7d32;
  --course-label: 11em; --jp-widgets-dropdown-arrow: ARROW;
  container-type: inline-size; box-sizing: border-box; margin: 4px 0 12px; padding: 10px 14px 14px; gap: 4px;
  border: 1px solid var(--jp-border-color1, #bdbdbd); border-top: 4px solid var(--course-accent); border-radius: 6px;
  background: var(--jp-layout-color1, transparent); color: var(--jp-ui-font-color1, inherit);
  color-scheme: light;
}
[data-jp-theme-light="false"] .jupyter-widgets.course-card {
  --course-accent: #64b5f6; --course-error: #ef9a9a; --course-warning: #ffcc80; --course-success: #a5d6a7;
  color-scheme: dark;
}
.course-card .course-title { font-size: 1.15em; font-weight: 600; line-height: 1.5; color: var(--course-accent); }
.course-card .widget-html-content { line-height: 1.5; min-width: 0; overflow-wrap: anywhere; }
.course-card table { overflow-wrap: normal; }
.course-card .widget-html, .course-card .widget-vbox { min-width: 0; max-width: 100%; }
.course-card .widget-vbox { gap: 4px; }
.course-card .widget-hbox { gap: 4px 10px; align-items: flex-start; }

/* One grid: each label as wide as the others, each field from there to the right. */
.course-card .widget-label { text-align: left; }
.course-card .widget-inline-hbox { box-sizing: border-box; max-width: 100%; min-width: 0; }
.course-card .widget-inline-hbox > :is(input, select, textarea) { min-width: 0; }
.course-card .widget-checkbox { width: auto; height: auto; }
.course-card .widget-checkbox .widget-label-basic { white-space: normal; overflow: visible; height: auto; }

/* One accent: what goes on is filled, what else there is has a frame, what destroys is red and says so. */
.course-card .jupyter-button { border: 1px solid var(--jp-border-color1, #bdbdbd); border-radius: 4px;
  color: var(--jp-ui-font-color1, inherit); background: var(--jp-layout-color2, transparent); padding: 0 14px;
  height: auto; min-height: var(--jp-widgets-inline-height, 28px); max-width: 100%; white-space: normal; }
.course-card .widget-vbox > .jupyter-button { align-self: flex-start; }
.course-card .jupyter-button:is(.mod-primary, .mod-success) { color: #fff; background: var(--course-button);
  border-color: var(--course-button); }
.course-card .jupyter-button.mod-danger { color: var(--course-error); background: transparent;
  border-color: var(--course-error); }
.course-card .jupyter-button:focus-visible { outline: 2px solid var(--course-accent); outline-offset: 2px; }
.course-card .progress-bar { background-color: var(--course-button); }

/* A mark is a colour and a word. */
.course-card .course-mark { border-left: 4px solid; padding: 2px 0 2px 10px; margin: 4px 0; }
.course-card .course-mark > * { color: var(--jp-ui-font-color1, inherit); }
.course-card .course-mark > .course-word { color: inherit; }
.course-card .course-error { border-color: var(--course-error); color: var(--course-error); }
.course-card .course-warning { border-color: var(--course-warning); color: var(--course-warning); }
.course-card .course-success { border-color: var(--course-success); color: var(--course-success); }
.course-card .course-mark p { margin: 0; }

/* Answers side by side, one below the other where there is no room. */
.course-card .course-answers { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 18em), 1fr));
  gap: 8px; }
.course-card .course-answer { border: 1px solid var(--jp-border-color1, #bdbdbd); border-radius: 4px; padding: 8px; }

/* A narrow page: the label above its field. */
@container (max-width: 34em) {
  .course-card > * { --course-label: 100%; }
  .course-card .widget-inline-hbox { flex-wrap: wrap; height: auto; }
  .course-card .widget-inline-hbox > :is(input, select, textarea) { flex: 1 1 100%; }
  .course-card td, .course-card th { padding-left: 2px; padding-right: 2px; }
}
""".replace("ARROW", _ARROW)


def head(title: str) -> str:
    """The style of a card and its title, as HTML for its first child."""
    return f'<style>{STYLE}</style><div class="course-title" role="heading" aria-level="3">{escape(title)}</div>'


def marked(html: str, kind: str, word: str | None = None) -> str:
    """Something said, with its kind as a colour and as a word, which may be another one than usual."""
    shown = f'<strong class="course-word">{escape(word or WORDS[kind])}</strong>'
    return f'<div class="course-mark course-{kind}">{shown}<div>{html}</div></div>'
