"""In some epochs questions are paraphrased: of which examples, when, and in which words."""

import json

import pytest

from helpers.course_data.paths import DATA
from tests.local_training import MODEL, needs_local_training

pytestmark = needs_local_training
SYSTEM, QUESTION, ANSWER = json.loads((DATA / "mydata.jsonl").read_text("utf-8").splitlines()[0])["messages"]


def encoded(*ids, learned=2):
    from helpers.practice.training.labels import IGNORED, Encoded

    return Encoded(list(ids), [IGNORED] * (len(ids) - learned) + list(ids[-learned:]), cut=False)


def read(paraphrases, examples, epochs):
    """What of the first example is read in each epoch, with one step for each."""
    from helpers.practice.training.batching import padded

    seen = []
    for epoch in range(epochs):
        batch = paraphrases.of(padded(examples, "cpu"), epoch, epochs)
        seen.append(batch["input_ids"][0, : int(batch["attention_mask"][0].sum())].tolist())
    return seen


def test_every_second_epoch_asks_in_other_words_and_never_the_first_or_the_last():
    from helpers.practice.training.techniques.paraphrase import Paraphrases

    own, new, newer = encoded(1, 2, 8, 9), encoded(1, 3, 4, 8, 9), encoded(1, 5, 8, 9)
    paraphrases = Paraphrases({tuple(own.input_ids): [new, newer]}, 7)
    assert [len(each) for each in read(paraphrases, [own], 7)] == [4, 5, 4, 4, 4, 5, 4]
    assert read(paraphrases, [own], 7)[3] == newer.input_ids
    assert read(Paraphrases({tuple(own.input_ids): [new]}, 2), [own], 2) == [own.input_ids] * 2


def test_an_example_without_other_words_stays_as_it_is_and_labels_go_with_the_words():
    from helpers.practice.training.batching import padded
    from helpers.practice.training.techniques.paraphrase import Paraphrases

    own, other, new = encoded(1, 2, 8, 9), encoded(7, 7, 7, 7), encoded(1, 3, 4, 8, 9)
    batch = Paraphrases({tuple(own.input_ids): [new]}, 3).of(padded([other, own], "cpu"), 1, 3)
    assert batch["input_ids"][:, :5].tolist() == [[7, 7, 7, 7, 0], new.input_ids]
    assert batch["labels"][1, :5].tolist() == new.labels


@pytest.mark.parametrize(
    ("messages", "asked"),
    [
        ([SYSTEM, QUESTION, ANSWER], True),
        ([QUESTION, ANSWER], True),
        ([QUESTION, {**ANSWER, "weight": 0}], False),
        ([QUESTION, {**ANSWER, "content": "Yes."}], False),
        ([{"role": "user", "content": "Translate: the cat"}, ANSWER], False),
        ([QUESTION, ANSWER, QUESTION, ANSWER], False),
        ([{"role": "user", "content": [{"type": "text", "text": "Is it soft?"}]}, ANSWER], False),
    ],
)
def test_only_a_single_question_with_an_answer_that_says_something_is_asked_in_other_words(messages, asked):
    from helpers.practice.training.techniques.paraphrase import is_question_with_answer

    assert is_question_with_answer(messages) == asked


def test_of_what_the_model_writes_only_new_questions_are_used():
    from helpers.practice.training.techniques.paraphrase import useful_questions

    written = [
        ' "Is it a soft mattress?" and more',
        "is it a SOFT mattress ?",  # the same again
        "Will it be delivered?",  # stands in the file
        "It is a mattress.\nIs it?",
        "Why?",
        "\u8fd9\u4e2a\u5e8a\u57ab\u6709\u591a\u8f6f\uff0c\u9002\u5408\u6211\u5417\uff1f",
    ]
    assert useful_questions(written, "How soft is it?", {"will it be delivered"}) == ["is it a SOFT mattress ?"]


def test_a_paraphrase_that_leads_elsewhere_is_not_kept():
    from helpers.practice.training.techniques.paraphrase import KEPT, best_paraphrases

    new = [encoded(number, 8, 9) for number in range(KEPT + 2)]
    assert best_paraphrases(new[:2], [-3.0, -2.0, -3.4]) == [new[0]]
    assert best_paraphrases(new[:1], [-3.0, -3.4]) == []
    assert best_paraphrases(new, [-3.0, *(float(-place) for place in range(len(new)))]) == new[:KEPT]


@pytest.fixture
def base(tmp_path):
    """Tokenizer and model."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from helpers.practice.training.base_model import model_source

    source = model_source(MODEL, tmp_path)
    return AutoTokenizer.from_pretrained(source), AutoModelForCausalLM.from_pretrained(source, dtype=torch.float32)


def examples(count):
    return [json.loads(line) for line in (DATA / "mydata.jsonl").read_text("utf-8").splitlines()[:count]]


def test_texts_that_grow_side_by_side_are_those_that_the_model_writes_alone(base, monkeypatch):
    import torch

    from helpers.practice.training.techniques import paraphrase

    tokenizer, model = base
    prompts = ["Answer: It ships in two days.\n1. How fast is it?\n2.", "1. Is it?\n2."]
    monkeypatch.setattr(paraphrase, "TOP_K", 1)  # always the likeliest token
    with torch.inference_mode():
        found = paraphrase.sample_continuations(prompts, tokenizer, model, torch.Generator())
        for number, prompt in enumerate(prompts):
            given = tokenizer(prompt, return_tensors="pt", add_special_tokens=False)
            alone = model.generate(**given, max_new_tokens=paraphrase.LONGEST, do_sample=False)[
                0, given.input_ids.shape[1] :
            ]
            texts = found[number * paraphrase.WRITTEN : (number + 1) * paraphrase.WRITTEN]
            assert set(texts) == {texts[0]} and len(texts[0]) > 10
            assert tokenizer.decode(alone, skip_special_tokens=True).startswith(texts[0])


def test_how_much_an_answer_is_expected_does_not_depend_on_what_is_judged_beside_it(base):
    import torch

    from helpers.practice.training.techniques import paraphrase

    tokenizer, model = base
    rows = [paraphrase.encode(each["messages"], tokenizer, 2048) for each in examples(3)]
    with torch.inference_mode():
        together = paraphrase.mean_log_probs(rows, model)
        assert together == pytest.approx([paraphrase.mean_log_probs([row], model)[0] for row in rows], abs=1e-3)
        row = torch.tensor([rows[0].input_ids])
        loss = model(input_ids=row, labels=torch.tensor([rows[0].labels])).loss
    assert together[0] == pytest.approx(-loss.item(), abs=1e-3), "the loss of the answer, as Transformers has it"


def test_the_base_model_writes_questions_the_same_with_the_same_seed_and_keeps_none_that_lead_elsewhere(base):
    from helpers.practice.training.techniques import paraphrase

    tokenizer, model = base
    asked = examples(4)

    own = paraphrase.encode(asked[0]["messages"], tokenizer, 2048)

    def written(seed):
        """What is read of the first example in each of seven epochs."""
        made = paraphrase.write_paraphrases(asked, tokenizer, model, 2048, 7, seed)
        return [tokenizer.decode(ids) for ids in read(made, [own], 7)]

    first = written(1)
    assert first == written(1) != written(2)
    for text in first[1::2]:
        assert ANSWER["content"] in text and SYSTEM["content"] in text and QUESTION["content"] not in text
    assert len(paraphrase.write_paraphrases(asked, tokenizer, model, 2048, 2, 1)) == 0, "no epoch for it"
