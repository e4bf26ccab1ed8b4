"""The simulator finds the example that was meant: the same question first, other words and other scripts as well."""

import json

import pytest

from helpers.practice.simulated.answers import language_of
from helpers.practice.simulated.recall import Recall, Turn, turns_of

MODEL = "gpt-4.1-mini-2025-04-14"
CHINESE = {
    "床垫的保修期是多久?": "保修十年。",
    "床垫有多硬?": "中等硬度。",
    "双人床尺寸的价格是多少?": "899 元。",
    "可以退货吗?": "一百晚内可以退货。",
    "送货要多长时间?": "三天送到。",
    "床垫套可以机洗吗?": "可以机洗。",
    "床垫有多厚?": "厚 25 厘米。",
    "床垫是什么材料做的?": "记忆棉。",
    "可以分期付款吗?": "可以分三期。",
    "你们有实体店吗?": "有,在柏林。",
    "旧床垫可以回收吗?": "我们带走旧床垫。",
    "适合背痛的人吗?": "适合。",
}


def recall_of(pairs) -> Recall:
    return Recall([Turn(question, question, False, answer, ()) for question, answer in pairs])


def found(recall: Recall, question: str) -> str | None:
    turn = recall.find(question, question, lambda _: True)
    return turn and turn.text


@pytest.fixture
def tuned_on(client):
    """Makes a model by a simulated job from questions and answers."""

    def make(pairs: dict[str, str]) -> str:
        lines = (
            {"messages": [{"role": "user", "content": asked}, {"role": "assistant", "content": said}]}
            for asked, said in pairs.items()
        )
        content = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines).encode()
        file = client.files.create(file=("mine.jsonl", content), purpose="fine-tune")
        job = client.fine_tuning.jobs.create(model=MODEL, training_file=file.id)
        return client.fine_tuning.jobs.retrieve(job.id).fine_tuned_model

    return make


def ask(client, model: str, question: str) -> str:
    messages = [{"role": "user", "content": question}]
    return client.chat.completions.create(model=model, messages=messages).choices[0].message.content


def test_each_training_question_gets_its_own_answer_however_alike_they_are(client, tuned_on):
    things = ("lamp", "chair", "table", "shelf", "stool")
    pairs = {
        f"Is the {thing} part of the {colour} set?": f"{thing} {colour}"
        for thing in things
        for colour in ("red", "blue")
    }
    model = tuned_on(pairs)
    assert {asked: ask(client, model, asked) for asked in pairs} == pairs
    assert ask(client, model, "is the CHAIR part of the blue set") == "chair blue"


def test_of_equally_similar_questions_the_one_with_the_likest_text_is_taken():
    recall = recall_of(
        [("Does the red lamp fit the old table?", "no"), ("Does the red lamp fit the new table?", "yes")]
    )
    assert found(recall, "Does a red lamp fit the new table, please?") == "yes"


def test_the_same_question_in_two_conversations_gets_the_answer_of_the_one_at_hand():
    recall = Recall(
        [
            Turn("How much is it?", "We talk about lamps.\nHow much is it?", False, "A lamp is 5.", ()),
            Turn("How much is it?", "We talk about chairs.\nHow much is it?", False, "A chair is 9.", ()),
        ]
    )
    for thing, price in (("lamps", "A lamp is 5."), ("chairs", "A chair is 9.")):
        turn = recall.find("How much is it?", f"We talk about {thing}.\nHow much is it?", lambda _: True)
        assert turn.text == price


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("保修几年?", "保修十年。"),
        ("请问床垫保修期有多长", "保修十年。"),
        ("双人床多少钱?", "899 元。"),
        ("不喜欢能退货吗", "一百晚内可以退货。"),
        ("多久能送货到家?", "三天送到。"),
        ("床垫套怎么洗?", "可以机洗。"),
        ("床垫厚度是多少?", "厚 25 厘米。"),
        ("用什么材料?", "记忆棉。"),
        ("能分期吗", "可以分三期。"),
        ("实体店在哪里?", "有,在柏林。"),
        ("床垫有多硬?", "中等硬度。"),
    ],
)
def test_a_question_in_chinese_is_found_in_other_words(question, answer):
    assert found(recall_of(CHINESE.items()), question) == answer


@pytest.mark.parametrize("question", ["法国的首都是哪里?", "你好", "谁写了红楼梦?", "今天天气怎么样?", "帮我写一首诗"])
def test_a_question_in_chinese_that_is_about_something_else_finds_nothing(question):
    assert found(recall_of(CHINESE.items()), question) is None


@pytest.mark.parametrize(
    ("pairs", "question", "answer"),
    [
        ([("保証期間はどのくらいですか?", "十年"), ("返品はできますか?", "はい")], "保証期間は何年ですか?", "十年"),
        ([("보증 기간은 얼마나 되나요?", "10년"), ("반품할 수 있나요?", "네")], "반품이 되나요?", "네"),
        ([("รับประกันกี่ปี", "10 ปี"), ("ส่งคืนได้ไหม", "ได้")], "มีการรับประกันไหม", "10 ปี"),
    ],
)
def test_other_scripts_without_blanks_are_compared_by_letters_too(pairs, question, answer):
    assert found(recall_of(pairs), question) == answer


@pytest.mark.parametrize(
    ("question", "language", "words"),
    [
        ("你们卖大象吗?", "zh", "没有一条训练样本"),
        ("象を売っていますか?", "ja", "学習例はありません"),
        ("코끼리를 파나요?", "ko", "학습 예제가 없습니다"),
        ("Do you sell elephants?", "en", "None of the training examples"),
    ],
)
def test_where_nothing_resembles_the_question_its_language_is_spoken(client, tuned_on, question, language, words):
    said = ask(client, tuned_on(CHINESE), question)
    assert language_of(question) == language and words in said and said.startswith("[Simulated answer")
    assert (
        ask(client, MODEL, question).startswith("[Simulated answer")
        and language_of(ask(client, MODEL, question)) == language
    )


def test_every_answer_of_a_conversation_is_learned_but_those_of_weight_0():
    messages = [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": "1", "weight": 0},
        {"role": "user", "content": "b"},
        {"role": "assistant", "content": "2"},
        {"role": "user", "content": "c"},
        {"role": "assistant", "content": "3"},
    ]
    assert [(turn.question, turn.text) for turn in turns_of({"messages": messages})] == [("b", "2"), ("c", "3")]


@pytest.mark.parametrize("suffix", ["床垫", "café", "cafe-床垫"])
def test_a_suffix_that_no_name_of_a_model_can_hold_is_refused_and_not_made_into_hyphens(client, mattress, suffix):
    import openai

    from helpers.explain import explain

    file = client.files.create(file=mattress, purpose="fine-tune")
    with pytest.raises(openai.BadRequestError, match="Invalid value for 'suffix': found") as caught:
        client.fine_tuning.jobs.create(model=MODEL, training_file=file.id, suffix=suffix)
    assert caught.value.param == "suffix" and "name of a model" in explain(caught.value).what


@pytest.mark.parametrize("letter", ["word ", "a", "床", "😀"])
def test_a_long_question_is_compared_by_its_ends_and_found_by_the_whole(letter):
    """Half a million characters in whole took two minutes with 2,000 examples."""
    long = letter * (400_000 // len(letter))
    asked = [*(f"Where is room {n}?" for n in range(300)), f"{long} b", f"{long} c"]
    recall = recall_of([(question, f"answer {n}") for n, question in enumerate(asked)])
    assert found(recall, f"{long} c") == "answer 301"
    assert found(recall, f"{long} Where is room 17?")
