"""Text with headings, lists and code, for JupyterLab to set; the same text everywhere else."""

import re

from helpers.display.tables import Shown, escape

DOLLAR = "<span>&#36;</span>"
_CODE = re.compile(r"(```.*?```|`[^`\n]*`)", re.DOTALL)


class ShownAsMarkdown(Shown):
    """For results whose `__str__` is Markdown."""

    def _repr_markdown_(self) -> str:
        return without_formulas(str(self))


def without_formulas(markdown: str) -> str:
    """JupyterLab takes what stands between two dollar signs for a formula, unless it is code.

    It looks twice: MathJax reads the page again after Markdown has taken a backslash away. So each sign becomes an HTML
    entity, which Markdown does not look at, in a tag of its own, across which MathJax finds no pair.
    """
    parts = _CODE.split(markdown)
    return "".join(part if index % 2 else part.replace("$", DOLLAR) for index, part in enumerate(parts))


def lines_as_html(text: str) -> str:
    """Plain text with lines and `code` as HTML; everything in it is escaped, so it may quote what somebody wrote."""
    return re.sub(r"`([^`\n]+)`", r"<code>\1</code>", escape(text)).replace("\n", "<br>")
