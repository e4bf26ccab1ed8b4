"""Files of other programs: mails, XML, SQL, Anki."""

import pytest

from helpers import examples_from
from helpers.examples_from import AmbiguousFile, UnreadableFile
from tests.own_file.reading import pairs


def mail(number, sender, subject, body, more=""):
    return (
        f"From {sender} Mon Jun  3 08:1{number}:00 2024\nFrom: Somebody <{sender}>\nTo: x@shop.example\nSubject: {subject}\n"
        f"Date: Mon, 3 Jun 2024 08:1{number}:00 +0200\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n{more}\n{body}\n\n"
    )


@pytest.mark.parametrize(
    "quoted",
    [
        "On Mon, Jun 3, 2024 at 8:00 AM Ana <ana@mail.example> wrote:\n> When do you open?",
        "Am Mo., 3. Juni 2024 um 08:00 Uhr schrieb Ana\n<ana@mail.example>:\n\n> When do you open?",
        "Le lun. 3 juin 2024 à 08:00, Ana <ana@mail.example> a écrit :\n>\n> When do you open?\n>",
        "El lun, 3 jun 2024 a las 8:00, Ana escribió:\n> When do you open?\n>> an older mail",
        "在 2024年6月3日，Ana <ana@mail.example> 写道：\n> When do you open?",
        "-----Original Message-----\nFrom: Ana <ana@mail.example>\nSent: Monday, June 3, 2024 8:00\nTo: Shop\nSubject: Hours\n\nWhen do you open?",
        "________________________________\nVon: Ana <ana@mail.example>\nGesendet: Montag, 3. Juni 2024 08:00\nAn: Shop\nBetreff: x\n\nWhen do you open?",
        "From: Ana <ana@mail.example>\nSent: Monday\nTo: Shop\nSubject: Hours\n\nWhen do you open?",
    ],
)  # fmt: skip
def test_a_reply_answers_what_it_quotes_whatever_program_wrote_it(quoted):
    box = mail(1, "shop@shop.example", "Re: x", f"At nine.\n\n{quoted}")
    assert pairs(box) == [("When do you open?", "At nine.")]


def test_an_answer_below_the_quotation_is_found():
    box = mail(1, "shop@shop.example", "Re: x", "Ana wrote:\n> When do you open?\n\nAt nine.")
    assert pairs(box) == [("When do you open?", "At nine.")]


def test_a_mailbox_with_both_sides_asks_who_the_assistant_is():
    box = mail(1, "ana@mail.example", "Hours", "When do you open?") + mail(
        2, "shop@shop.example", "Re: Hours", "At nine."
    )
    box += mail(3, "tom@mail.example", "Dog", "May I bring it?") + mail(4, "shop@shop.example", "AW: Dog", "Yes.")
    with pytest.raises(AmbiguousFile, match=r"shop@shop\.example"):
        examples_from(box)
    assert pairs(box, assistant="shop@shop.example") == [("When do you open?", "At nine."), ("May I bring it?", "Yes.")]


def test_a_mail_in_another_encoding_and_a_mail_of_html_are_read(tmp_path):
    old = mail(1, "shop@shop.example", "Re: x", "Um neun, schön.\n\nAna schrieb:\n> Wann öffnet ihr?").replace(
        "utf-8", "iso-8859-1"
    )
    html = mail(2, "shop@shop.example", "Re: y", "<p>Here.</p><p>Ana wrote:</p><blockquote>Where are you?</blockquote>")
    html = html.replace("text/plain", "text/html")
    (tmp_path / "box.mbox").write_bytes(old.encode("latin-1") + html.encode())
    assert pairs(tmp_path / "box.mbox") == [("Wann öffnet ihr?", "Um neun, schön."), ("Where are you?", "Here.")]


XML = {
    "attributes only": '<faq><row question="When?" answer="At nine."/><row question="Where?" answer="Here."/></faq>',
    "sections": "<faq><section name='a'><entry><question>When?</question><answer>At nine.</answer></entry></section>"
    "<section name='b'><entry><question>Where?</question><answer>Here.</answer></entry></section></faq>",
    "German": "<?xml version='1.0' encoding='ISO-8859-1'?>\n<liste><eintrag nr='1'><frage>When?</frage><antwort>At nine.</antwort></eintrag>"
    "<eintrag nr='2'><frage>Where?</frage><antwort><![CDATA[Here.]]></antwort></eintrag></liste>",
    "namespace": '<f:faq xmlns:f="urn:x"><f:item><f:q>When?</f:q><f:a>At <f:b>nine</f:b>.</f:a></f:item><f:item><f:q>Where?</f:q><f:a>Here.</f:a></f:item></f:faq>',
    "deep": "<export><meta><v>1</v></meta><items><item><text><q>When?</q><a>At nine.</a></text></item><item><text><q>Where?</q><a>Here.</a></text></item></items></export>",
}  # fmt: skip


@pytest.mark.parametrize("name", XML)
def test_xml_with_other_names_is_read(name):
    assert pairs(XML[name]) == [("When?", "At nine."), ("Where?", "Here.")]


def test_xml_with_an_element_for_each_message_is_a_chat():
    ticket = "<ticket id='{n}'><message from='customer'>{q}</message><message from='agent'>{a}</message></ticket>"
    text = "".join(
        ticket.format(n=n, q=q, a=a) for n, (q, a) in enumerate([("When?", "At nine."), ("Where?", "Here.")])
    )
    assert pairs(f"<tickets>{text}</tickets>") == [("When?", "At nine."), ("Where?", "Here.")]


def test_xml_that_is_broken_names_the_line():
    with pytest.raises(UnreadableFile, match="line 2"):
        examples_from("<?xml version='1.0'?>\n<faq><q>When?</a></faq>")


def test_xml_opens_no_files(tmp_path):
    (tmp_path / "secret").write_text("SECRET", encoding="utf-8")
    text = f'<?xml version="1.0"?><!DOCTYPE f [<!ENTITY x SYSTEM "{(tmp_path / "secret").as_uri()}">]>'
    text += "<f><e><q>When?</q><a>At &x; nine.</a></e><e><q>Where?</q><a>Here.</a></e></f>"
    assert "SECRET" not in str(pairs(text))


SQL = {
    "MySQL": "-- MySQL dump\nCREATE TABLE `faq` (\n  `id` int(11) NOT NULL,\n  `question` text,\n  `answer` text,\n  PRIMARY KEY (`id`)\n) ENGINE=InnoDB;\n"
    "LOCK TABLES `faq` WRITE;\nINSERT INTO `faq` VALUES (1,'What\\'s new?','A \\\"lamp\\\".\\nBright.'),(2,'Where?','Here; there.');\n",
    "names in the statement": "INSERT INTO faq (id, question, answer) VALUES (1, 'What''s new?', 'A \"lamp\".\nBright.');\n"
    "INSERT INTO faq (id, question, answer) VALUES (2, 'Where?', 'Here; there.');\n",
    "PostgreSQL": "-- PostgreSQL database dump\nCREATE TABLE public.faq (\n    id integer NOT NULL,\n    question text,\n    answer character varying(200)\n);\n"
    "COPY public.faq (id, question, answer) FROM stdin;\n1\tWhat's new?\tA \"lamp\".\\nBright.\n2\tWhere?\tHere; there.\n\\.\n\nSELECT 1;\n",
    "SQLite": "PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\nCREATE TABLE faq(id integer primary key, question text, answer text);\n"
    "INSERT INTO faq VALUES(1,'What''s new?','A \"lamp\".\nBright.');\nINSERT INTO faq VALUES(2,'Where?','Here; there.');\nCOMMIT;\n",
    "SQL Server": "SET ANSI_NULLS ON\nGO\nINSERT [dbo].[faq] ([id], [question], [answer]) VALUES (1, N'What''s new?', N'A \"lamp\".\nBright.')\nGO\n"
    "INSERT [dbo].[faq] ([id], [question], [answer]) VALUES (2, N'Where?', N'Here; there.')\nGO\n",
}  # fmt: skip


@pytest.mark.parametrize("name", SQL)
def test_dumps_of_every_database_are_read(name, tmp_path):
    (tmp_path / "dump.sql").write_text(SQL[name], encoding="utf-8")
    assert pairs(tmp_path / "dump.sql") == [("What's new?", 'A "lamp".\nBright.'), ("Where?", "Here; there.")]
    assert pairs(SQL[name]) == pairs(tmp_path / "dump.sql")


def test_a_dump_with_several_tables_takes_the_one_with_questions_or_asks():
    users = "INSERT INTO users (id, name) VALUES (1, 'ana');\n"
    found = examples_from(users + SQL["names in the statement"])
    assert len(found) == 2 and "users (1)" in found.skipped[0].reason
    texts = "INSERT INTO a (x, y) VALUES (1, 'one');\nINSERT INTO b (x, y) VALUES (1, 'two');\n"
    with pytest.raises(AmbiguousFile, match=r'found the tables "a", "b".*sheet='):
        examples_from(texts)


def test_cards_of_anki_with_other_separators_and_named_columns_are_read():
    assert pairs("#separator:semicolon\n#html:false\nil cane;the dog\nla chiave;the key\n") == [
        ("il cane", "the dog"), ("la chiave", "the key"),
    ]  # fmt: skip
    named = "#separator:tab\n#html:true\n#notetype column:1\n#deck column:2\n#columns:Notetype\tDeck\tWord\tMeaning\nBasic\tItalian\til cane\tthe <b>dog</b>\n"
    assert pairs(named + "Basic\tItalian\tla chiave\tthe key\n") == [("il cane", "the dog"), ("la chiave", "the key")]
