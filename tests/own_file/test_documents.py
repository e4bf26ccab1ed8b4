"""Pages and plain texts: Markdown, HTML, notes, questions with labels."""

import pytest

from helpers import examples_from
from helpers.examples_from import AmbiguousFile, UnreadableFile
from tests.own_file.reading import pairs

TWO = [("When do you open?", "At nine."), ("Where are you?", "Here, by the mill.")]

TEXTS = {
    "Q and A": "Q: When do you open?\nA: At nine.\n\nQ: Where are you?\nA: Here, by the mill.\n",
    "words": "Question: When do you open?\nAnswer: At nine.\nQuestion: Where are you?\nAnswer: Here, by the mill.\n",
    "German": "Frage: When do you open?\nAntwort: At nine.\nFrage: Where are you?\nAntwort: Here, by the mill.\n",
    "French": "D : When do you open?\nR : At nine.\nD : Where are you?\nR : Here, by the mill.\n",
    "Spanish": "P: When do you open?\nR: At nine.\nP: Where are you?\nR: Here, by the mill.\n",
    "Chinese": "问：When do you open?\n答：At nine.\n问：Where are you?\n答：Here, by the mill.\n",
    "numbered": "Q1. When do you open?\nA1. At nine.\nQ2. Where are you?\nA2. Here, by the mill.\n",
    "bold labels": "**Q:** When do you open?\n\n**A:** At nine.\n\n---\n\n**Q:** Where are you?\n\n**A:** Here, by the mill.\n",
    "arrows": "1) When do you open? => At nine.\n2) Where are you? => Here, by the mill.\n",
    "unicode arrows": "• When do you open? → At nine.\n• Where are you? → Here, by the mill.\n",
    "bullets with colons": "Notes\n\n- When do you open?: At nine.\n- Where are you?: Here, by the mill.\n- And why so: Just so.\n",
    "dashes": "When do you open? – At nine.\nWhere are you? – Here, by the mill.\nAnd why so – Just so.\n",
    "questions and paragraphs": "When do you open?\nAt nine.\n\nWhere are you?\nHere, by the mill.\n",
    "headings": "# Shop\n\n## When do you open?\n\nAt nine.\n\n## Where are you?\nHere, by the mill.\n",
    "underlined": "When do you open?\n-----------------\nAt nine.\n\nWhere are you?\n--------------\nHere, by the mill.\n",
    "bold": "**When do you open?**\n\nAt nine.\n\n**Where are you?**\n\nHere, by the mill.\n",
    "bold in a paragraph": "**When do you open?**\nAt nine.\n\n**Where are you?** Here, by the mill.\n",
    "bold in a list": "- **When do you open?** At nine.\n- **Where are you?** Here, by the mill.\n",
    "details": "# FAQ\n<details>\n<summary>When do you open?</summary>\n\nAt nine.\n\n</details>\n\n<details><summary>Where are you?</summary>\nHere, by the mill.\n</details>\n",
    "table": "# FAQ\n\n| Question | Answer |\n|---|:--|\n| When do you open? | At nine. |\n| Where are you? | Here, by the mill. |\n",
    "html table": "<html><body><h1>FAQ</h1><table><tr><th>Question</th><th>Answer</th></tr><tr><td>When do you open?</td><td>At nine.</td></tr>"
    "<tr><td>Where are you?</td><td>Here, by the mill.</td></tr></table></body></html>",
    "html headings": "<div><h1>FAQ</h1><section><h3>When do you open?</h3><p>At nine.</p></section><section><h3>Where are you?</h3>"
    "<div><p>Here, by <b>the</b> mill.</p></div></section></div>",
    "html details": "<html><body><details><summary>When do you open?</summary><p>At nine.</p></details><details><summary>Where are you?"
    "</summary>Here, by the mill.</details></body></html>",
    "html classes": '<html><body><div class="faq-item"><div class="faq-question">When do you open?</div><div class="faq-answer"><p>At nine.</p>'
    '</div></div><div class="faq-item"><button class="faq-question">Where are you?</button><div class="faq-answer">Here, by the mill.</div></div></body></html>',
    "html labels": "<html><body><p><b>Q: When do you open?</b><br>A: At nine.</p><p><b>Q: Where are you?</b><br>A: Here, by the mill.</p></body></html>",
    "html list": "<html><body><ol><li><strong>When do you open?</strong> At nine.</li><li><strong>Where are you?</strong> Here, by the mill.</li></ol></body></html>",
    "html paragraphs": "<html><body><p>When do you open?</p><p>At nine.</p><p>Where are you?</p><p>Here, by the mill.</p></body></html>",
    "headings of two levels": "# FAQ\n## Orders\n### When do you open?\nAt nine.\n## Where are you?\nHere, by the mill.\n",
    "html bold": "<html><body><p><strong>When do you open?</strong></p><p>At nine.</p><p><b>Where are you?</b></p><p>Here, by the mill.</p></body></html>",
    "html terms in divs": "<html><body><dl><div><dt>When do you open?</dt><dd>At nine.</dd></div><div><dt>Where are you?</dt><dd>Here, by the mill.</dd></div></dl></body></html>",
    "for search engines": '<html><head><script type="application/ld+json">{"@context": "https://schema.org", "@type": "FAQPage", "mainEntity": ['
    '{"@type": "Question", "name": "When do you open?", "acceptedAnswer": {"@type": "Answer", "text": "<p>At nine.</p>"}},'
    '{"@type": "Question", "name": "Where are you?", "acceptedAnswer": {"@type": "Answer", "text": "Here, by the mill."}}]}</script></head><body>x</body></html>',
}


@pytest.mark.parametrize("name", TEXTS)
def test_questions_of_every_usual_page_and_text_are_found(name):
    assert pairs(TEXTS[name])[:2] == TWO


@pytest.mark.parametrize(
    "name", ["headings", "underlined", "bold", "table", "questions and paragraphs", "html headings", "Q and A"]
)
def test_line_ends_of_windows_and_a_byte_order_mark_change_nothing(name):
    assert pairs(("\ufeff" + TEXTS[name].replace("\n", "\r\n")).encode()) == TWO


def test_an_answer_may_have_paragraphs_lists_and_code():
    text = "## How do I begin?\n\nRead this:\n\n- one\n- two\n\n```python\nprint(1)  # not a heading\n```\n\n## And then?\n\nRest.\n"
    assert pairs(text)[0][1] == "Read this:\n\n- one\n- two\n\n```python\nprint(1)  # not a heading\n```"


def test_headings_below_a_question_belong_to_its_answer():
    text = "## When do you open?\n\nIt depends.\n\n### In summer\n\nAt eight.\n\n## Where are you?\n\nHere.\n"
    assert pairs(text)[0][1] == "It depends.\n\n### In summer\n\nAt eight."


def test_headings_that_ask_nothing_are_asked_for(tmp_path):
    text = "# Shop\n\n## Opening hours\n\nFrom nine.\n\n## Address\n\nBy the mill.\n\n## Parking\n\nIn the yard.\n"
    (tmp_path / "shop.md").write_text(text, encoding="utf-8")
    with pytest.raises(AmbiguousFile, match=r"h1 \(1\), h2 \(3\).*question='h2'"):
        examples_from(tmp_path / "shop.md")
    assert pairs(tmp_path / "shop.md", question="h2")[1] == ("Address", "By the mill.")


def test_what_stands_outside_of_questions_is_named():
    text = "---\ntitle: FAQ\n---\n# FAQ\n\nWelcome.\n\n## When?\n\nAt nine.\n\n## Where?\n\nHere.\n"
    assert [each.text for each in examples_from(text).skipped] == ["title: FAQ", "Welcome."]


def test_what_stands_below_the_last_answer_of_a_page_is_not_part_of_it():
    page = "<html><body><article><h2>When?</h2><p>At nine.</p><ul><li>Monday</li><li>Tuesday</li></ul><h2>Where?</h2><p>Here.</p>"
    found = examples_from(page + "</article><div>(c) 2024</div></body></html>")
    assert [each["messages"][1]["content"] for each in found] == ["At nine.\n\n- Monday\n- Tuesday", "Here."]
    assert found.skipped[0].text == "(c) 2024"


def test_notes_that_go_on_in_the_next_line_stay_whole():
    text = "notes\n- drain smells -> pour water in\n    and wait\n- no hot water -> press reset\n"
    found = examples_from(text)
    assert found[0]["messages"][1]["content"] == "pour water in\nand wait" and found.skipped[0].text == "notes"


def test_a_conversation_with_known_roles_needs_no_argument():
    assert pairs("User: Hi\nAssistant: Hello.\nUser: Bye\nAssistant: See you.\n") == [
        ("Hi", "Hello."),
        ("Bye", "See you."),
    ]


@pytest.mark.parametrize("text", ["", " \n\n", "\ufeff"])
def test_nothing_gives_a_sentence(text):
    with pytest.raises(UnreadableFile, match="found nothing in it"):
        examples_from(text)


@pytest.mark.parametrize(
    "text",
    [
        "It rained. We stayed.\n***\nIt stopped. We left.\n***\nThe end.\n",
        "Dear Anna,\n\nthank you for the book. I have read it twice, and liked it.\n\nYours, Tom\n",
        "1\n00:00:01,000 --> 00:00:04,000\nANNA: Hello there.\n\n2\n00:00:05,000 --> 00:00:08,000\nHow are you?\n",
        "x = 5\ny = 6\nz = x\nname = value here\n",
        "[server]\nname = x\nport = 25\n",
        "Good morning.\n---\nIt rains.\n---\nThe end.\n",
        "To do:\n- buy milk\n- call Anna\n",
        "server: mail.example\nport: 25\nuser: anna\npassword: secret\n",
        "def f(x):\n    return x -> y\n\nclass A:\n    pass\n",
    ],
)
def test_a_text_without_questions_is_never_made_into_examples(text):
    with pytest.raises((UnreadableFile, AmbiguousFile)):
        examples_from(text)
