"""Chats: exports of messengers, rows with a sender, conversations with a name before each line."""

import json

import pytest

from helpers import examples_from
from helpers.examples_from import AmbiguousFile
from tests.own_file.reading import pairs

EXPECTED = [("Are you open?\nI am near.", "Yes, until six."), ("Thanks", "Gladly.")]

EXPORTS = {
    "Android, German": "12.03.24, 07:58 - {a}: Are you open?\n12.03.24, 07:59 - {a}: I am near.\n12.03.24, 08:01 - {b}: "
    "Yes, until six.\n12.03.24, 08:02 - {a}: Thanks\n12.03.24, 08:03 - {b}: Gladly.\n",
    "Android, American": "3/12/24, 7:58\u202fAM - {a}: Are you open?\n3/12/24, 7:59\u202fAM - {a}: I am near.\n3/12/24, 8:01\u202fAM - "
    "{b}: Yes, until six.\n3/12/24, 8:02\u202fAM - {a}: Thanks\n3/12/24, 8:03\u202fAM - {b}: Gladly.\n",
    "iOS": "\u200e[12.03.24, 07:58:11] {a}: Are you open?\n[12.03.24, 07:58:59] {a}: I am near.\n[12.03.24, 08:01:02] {b}: \u200e"
    "Yes, until six.\n[12.03.24, 08:02:00] {a}: Thanks\n[12.03.24, 08:03:00] {b}: Gladly.\n",
    "ISO": "2024-03-12 07:58 {a}: Are you open?\n2024-03-12 07:59 {a}: I am near.\n2024-03-12 08:01 {b}: Yes, until six.\n"
    "2024-03-12 08:02 {a}: Thanks\n2024-03-12 08:03 {b}: Gladly.\n",
    "web": "[07:58, 12/03/2024] {a}: Are you open?\n[07:59, 12/03/2024] {a}: I am near.\n[08:01, 12/03/2024] {b}: Yes, until six.\n"
    "[08:02, 12/03/2024] {a}: Thanks\n[08:03, 12/03/2024] {b}: Gladly.\n",
    "WeChat": "{a} 2024-03-12 07:58:11\nAre you open?\n\n{a} 2024-03-12 07:59:11\nI am near.\n\n{b} 2024-03-12 08:01:00\nYes, until six.\n\n"
    "{a} 2024-03-12 08:02:00\nThanks\n\n{b} 2024-03-12 08:03:00\nGladly.\n",
    "Telegram": "{a}, [12.03.2024 07:58]\nAre you open?\n\n{a}, [12.03.2024 07:59]\nI am near.\n\n{b}, [12.03.2024 08:01]\nYes, until six.\n\n"
    "{a}, [12.03.2024 08:02]\nThanks\n\n{b}, [12.03.2024 08:03]\nGladly.\n",
    "LINE": "2024/03/12(火)\n07:58\t{a}\tAre you open?\n07:59\t{a}\tI am near.\n08:01\t{b}\tYes, until six.\n2024/03/13(水)\n"
    "08:02\t{a}\tThanks\n08:03\t{b}\tGladly.\n",
    "Discord": "[12-Mar-24 07:58 AM] {a}\nAre you open?\n\n[12-Mar-24 07:59 AM] {a}\nI am near.\n\n[12-Mar-24 08:01 AM] {b}\nYes, until six.\n\n"
    "[12-Mar-24 08:02 AM] {a}\nThanks\n\n[12-Mar-24 08:03 AM] {b}\nGladly.\n",
    "KakaoTalk": "--------------- 2024년 3월 12일 화요일 ---------------\n[{a}] [오전 7:58] Are you open?\n[{a}] [오전 7:59] I am near.\n"
    "[{b}] [오전 8:01] Yes, until six.\n[{a}] [오전 8:02] Thanks\n[{b}] [오전 8:03] Gladly.\n",
    "Zoom": "07:58:12 From {a} to Everyone: Are you open?\n07:59:12 From {a} to Everyone: I am near.\n08:01:12 From {b} to Everyone: "
    "Yes, until six.\n08:02:12 From {a} to Everyone: Thanks\n08:03:12 From {b} to Everyone: Gladly.\n",
    "Viber": "[ 12/03/2024 07:58 ] {a}: Are you open?\n[ 12/03/2024 07:59 ] {a}: I am near.\n[ 12/03/2024 08:01 ] {b}: Yes, until six.\n"
    "[ 12/03/2024 08:02 ] {a}: Thanks\n[ 12/03/2024 08:03 ] {b}: Gladly.\n",
    "names alone": "{a}: Are you open?\nI am near.\n{b}: Yes, until six.\n{a}: Thanks\n{b}: Gladly.\n",
    "Chinese": "2024年3月12日 上午7:58 - {a}: Are you open?\n2024年3月12日 上午7:59 - {a}: I am near.\n2024年3月12日 上午8:01 - {b}: "
    "Yes, until six.\n2024年3月12日 上午8:02 - {a}: Thanks\n2024年3月12日 上午8:03 - {b}: Gladly.\n",
}


@pytest.mark.parametrize("name", EXPORTS)
def test_the_export_of_every_messenger_asks_who_the_assistant_is_and_gives_its_exchanges(name):
    text = EXPORTS[name].format(a="Ana", b="Shop 1")
    with pytest.raises(AmbiguousFile) as asked:
        examples_from(text)
    assert sorted(asked.value.speakers) == ["Ana", "Shop 1"]
    assert pairs(text, assistant="Shop 1") == EXPECTED


def test_a_speaker_who_is_not_there_is_named():
    with pytest.raises(AmbiguousFile, match=r'found the speakers "Ana" .* not .Shpo.'):
        examples_from(EXPORTS["ISO"].format(a="Ana", b="Shop"), assistant="Shpo")


def test_two_people_may_be_the_assistant():
    text = "[1.3.24, 08:00] A: Hi\n[1.3.24, 08:01] Tom: Hello.\n[1.3.24, 08:02] Eva: How can we help?\n"
    assert pairs(text, assistant=["Tom", "Eva"]) == [("Hi", "Hello.\nHow can we help?")]


def test_in_a_group_a_question_that_somebody_else_interrupts_is_named():
    text = "[1.3.24, 08:00] A: Is it open?\n[1.3.24, 08:01] B: Where are you?\n[1.3.24, 08:02] Shop: By the mill.\n"
    found = examples_from(text, assistant="Shop")
    assert len(found) == 1 and found.skipped[0].reason == "somebody else wrote before an answer came"


def test_what_only_says_that_something_was_left_out_is_named_in_many_languages():
    text = "".join(
        f"[1.3.24, 08:0{n}] A: {said}\n"
        for n, said in enumerate(
            ["<Medien ausgeschlossen>", "\u200eimagen omitida: archivo omitido", "[图片]", "Open?"]
        )
    )
    found = examples_from(text + "[1.3.24, 08:09] Shop: Yes.\n", assistant="Shop")
    assert len(found) == 1 and len(found.skipped) == 3


@pytest.mark.parametrize(
    "rows",
    [
        "ticket_id,author,created_at,body\n1,customer,2024-01-01 08:00,When?\n1,agent,2024-01-01 08:10,At nine.\n"
        "2,customer,2024-01-01 08:05,Where?\n2,agent,2024-01-01 08:20,Here.\n1,customer,2024-01-01 08:30,Thanks\n1,agent,2024-01-01 08:31,Bye.\n",
        "Vorgang;Absender;Zeitpunkt;Nachricht\n1;customer;01.01.2024 08:00;When?\n1;agent;01.01.2024 08:10;At nine.\n"
        "1;customer;01.01.2024 08:30;Thanks\n1;agent;01.01.2024 08:31;Bye.\n2;customer;01.01.2024 08:05;Where?\n2;agent;01.01.2024 08:20;Here.\n",
    ],
)
def test_tickets_with_a_row_for_each_turn_become_conversations(rows):
    assert pairs(rows) == [("When?", "At nine.", "Thanks", "Bye."), ("Where?", "Here.")]


def test_a_ticket_that_ends_without_an_answer_says_so():
    found = examples_from("case,from,text\n1,customer,When?\n1,agent,At nine.\n1,customer,Sure?\n2,customer,Where?\n")
    assert pairs("case,from,text\n1,customer,When?\n1,agent,At nine.\n2,customer,Sure?\n") == [("When?", "At nine.")]
    assert [each.reason for each in found.skipped] == ["no answer follows"] * 2


JSON_CHATS = {
    "Telegram": {
        "name": "Ana",
        "type": "personal_chat",
        "id": 1,
        "messages": [
            {"id": 1, "type": "service", "date": "2024-03-12T07:57:00", "actor": "Ana", "action": "joined", "text": ""},
            {"id": 2, "type": "message", "date": "2024-03-12T07:58:00", "from": "Ana", "text": "Are you open?"},
            {
                "id": 3,
                "type": "message",
                "date": "2024-03-12T07:59:00",
                "from": "Ana",
                "text": ["I am ", {"type": "bold", "text": "near."}],
            },
            {"id": 4, "type": "message", "date": "2024-03-12T08:01:00", "from": "Shop", "text": "Yes, until six."},
            {"id": 5, "type": "message", "date": "2024-03-12T08:02:00", "from": "Ana", "text": "Thanks"},
            {"id": 6, "type": "message", "date": "2024-03-12T08:03:00", "from": "Shop", "text": "Gladly."},
        ],
    },
    "Discord": {
        "guild": {"name": "g"},
        "channel": {"name": "c"},
        "messages": [
            {
                "id": "1",
                "timestamp": "2024-03-12T07:58:00+00:00",
                "author": {"id": "7", "name": "Ana"},
                "content": "Are you open?",
            },
            {
                "id": "2",
                "timestamp": "2024-03-12T07:59:00+00:00",
                "author": {"id": "7", "name": "Ana"},
                "content": "I am near.",
            },
            {
                "id": "3",
                "timestamp": "2024-03-12T08:01:00+00:00",
                "author": {"id": "8", "name": "Shop"},
                "content": "Yes, until six.",
            },
            {
                "id": "4",
                "timestamp": "2024-03-12T08:02:00+00:00",
                "author": {"id": "7", "name": "Ana"},
                "content": "Thanks",
            },
            {
                "id": "5",
                "timestamp": "2024-03-12T08:03:00+00:00",
                "author": {"id": "8", "name": "Shop"},
                "content": "Gladly.",
            },
        ],
    },
    "Slack": [
        {"type": "message", "user": "Ana", "text": "Are you open?", "ts": "1710226680.0001"},
        {"type": "message", "user": "Ana", "text": "I am near.", "ts": "1710226690.0001"},
        {"type": "message", "user": "Shop", "text": "Yes, until six.", "ts": "1710226780.0001"},
        {"type": "message", "user": "Ana", "text": "Thanks", "ts": "1710226790.0001"},
        {"type": "message", "user": "Shop", "text": "Gladly.", "ts": "1710226880.0001"},
    ],
}


@pytest.mark.parametrize("name", JSON_CHATS)
def test_chats_as_json_are_read(name):
    text = json.dumps(JSON_CHATS[name])
    with pytest.raises(AmbiguousFile):
        examples_from(text)
    assert pairs(text, assistant="Shop") == EXPECTED


def test_tickets_as_json_with_numbers_for_people_are_conversations():
    tickets = [
        {
            "id": 1,
            "subject": "x",
            "comments": [{"author_id": 7, "body": "When?"}, {"author_id": 9, "body": "At nine."}],
        },
        {
            "id": 2,
            "subject": "y",
            "comments": [{"author_id": 8, "body": "<p>Where?</p>"}, {"author_id": 9, "body": "Here."}],
        },
    ]
    assert pairs(json.dumps({"tickets": tickets}), assistant="9") == [("When?", "At nine."), ("Where?", "Here.")]


def test_the_export_of_claude_is_a_conversation():
    chat = {
        "uuid": "1",
        "name": "t",
        "chat_messages": [{"sender": "human", "text": "Hi"}, {"sender": "assistant", "text": "Hello."}],
    }
    assert pairs(json.dumps([chat, chat])) == [("Hi", "Hello.")] * 2
