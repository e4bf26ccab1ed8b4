"""What the practice server says about a bad file is what OpenAI says."""

import json

from helpers.practice.training_file_errors import first_error, not_a_dictionary, wrong_method

GOOD = {"messages": [{"role": "user", "content": "Why?"}, {"role": "assistant", "content": "Because."}]}


def lines(*examples) -> list[bytes]:
    return [json.dumps(example).encode() for example in examples]


def test_a_good_file_has_no_error():
    assert first_error(lines(*[GOOD] * 10)) is None


def test_seven_examples_are_too_few_in_the_real_words():
    error = first_error(lines(*[GOOD] * 7))
    assert error.code == "invalid_n_examples" and error.param == "training_file"
    assert error.message == "Training file has 7 example(s), but must have at least 10 examples"


def test_a_validation_file_may_be_short():
    assert first_error(lines(GOOD), param="validation_file") is None


def test_a_missing_role_is_worded_like_the_real_one():
    bad = {"messages": [GOOD["messages"][0], {"content": "Because."}]}
    error = first_error(lines(*[GOOD] * 99, bad))
    assert error.code == "invalid_training_file"
    assert error.message == (
        "The job failed due to an invalid training file. Invalid file format. "
        "Example 100, message 2 Discriminator 'role' is missing in value"
    )


def test_an_extra_weight_is_worded_like_the_real_one():
    bad = {"messages": [{**GOOD["messages"][0], "weight": 1}, GOOD["messages"][1]]}
    error = first_error(lines(bad))
    assert error.code == "invalid_file_format"
    assert error.message == (
        "The job failed due to a file format error in the training file. "
        'Invalid file format. Example 1 contains an extra "weight".'
    )


def test_missing_messages_are_worded_like_the_real_ones():
    for example in ({}, {"prompt": "a", "completion": "b"}):
        error = first_error(lines(example))
        assert error.code == "invalid_file_format"
        assert error.message.endswith("Invalid file format. Example 1 is missing key 'messages'.")


def test_a_mixed_file_is_refused():
    preference = {
        "input": {"messages": GOOD["messages"][:1]},
        "preferred_output": GOOD["messages"][1:],
        "non_preferred_output": [{"role": "assistant", "content": "Eh?"}],
    }
    error = first_error(lines(*[GOOD] * 9, preference))
    assert error.code == "invalid_training_file" and "Unexpected file format" in error.message


def test_only_the_first_problem_is_named():
    first, second = {"messages": []}, {"messages": [{"role": "bot", "content": "hi"}]}
    error = first_error(lines(GOOD, first, second))
    assert "Example 2: messages: found []" in error.message and "bot" not in error.message


def test_a_warning_does_not_fail_a_job():
    ends_with_user = {"messages": [*GOOD["messages"], GOOD["messages"][0]]}
    assert first_error(lines(*[ends_with_user] * 10)) is None


def test_an_upload_is_refused_in_the_real_words():
    assert not_a_dictionary(b'"{"prompt": 1}', 1) == (
        "Expected file to have JSONL format, where every line is a valid JSON dictionary. "
        'Line 1 is not a dictionary (HINT: line starts with: ""{"...").'
    )


def test_an_upload_asks_no_more_than_a_dictionary_on_each_line():
    assert not_a_dictionary(b'{"anything": "goes"}', 1) is None


def test_a_file_that_does_not_fit_the_method_is_refused_in_the_real_words():
    assert wrong_method("file-abc", "chat", "supervised") is None
    assert wrong_method("file-abc", "chat", "dpo").message == (
        "The job failed due to an invalid training file. "
        "Input file file-abc is in the fine-tune-chat format, "
        "but the specified fine-tuning job is not using 'supervised' as the training method "
        "(provided method=dpo)."
    )


def test_a_special_token_is_refused_in_the_real_words():
    bad = {"messages": [{"role": "user", "content": "def f(<|fim_suffix|>"}, GOOD["messages"][1]]}
    error = first_error(lines(*[GOOD] * 9, bad))
    assert error.code == "invalid_training_file"
    assert error.message.endswith("Example 10, message 1 contains an invalid token: <|fim_suffix|>")
