"""Text that JupyterLab sets, and the same text everywhere else."""

from helpers.display.markdown import lines_as_html, without_formulas


def test_a_dollar_sign_has_a_tag_of_its_own_unless_it_stands_in_code():
    assert without_formulas("$5 and `$6` and $7") == "<span>&#36;</span>5 and `$6` and <span>&#36;</span>7"
    assert without_formulas("```\n$5\n$6\n```\n$7") == "```\n$5\n$6\n```\n<span>&#36;</span>7"


def test_lines_and_code_are_set_and_all_else_is_escaped():
    assert lines_as_html("a `b` <c>\nd") == "a <code>b</code> &lt;c&gt;<br>d"
