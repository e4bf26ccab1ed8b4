"""Rules of other hosts: applied when they are asked for, and only then."""

import openai
import pytest

from helpers.data_format import check
from helpers.job import start
from helpers.training_file.host_rules import HOST_RULES, check_suffix, host_at, rules_of
from tests.training_file.test_cases import case

SYSTEM, USER, SAID = (
    {"role": role, "content": content} for role, content in (("system", "Be brief."), ("user", "Q"), ("assistant", "A"))
)


def found(*messages, host: str) -> list[tuple[str, str]]:
    report = check([{"messages": list(messages)}] + [{"messages": [USER, SAID]}] * 9, host=host)
    return [(problem.code, problem.where) for problem in report.errors]


def test_dashscope_takes_neither_name_nor_weight():
    messages = ({**USER, "name": "anna"}, {**SAID, "weight": 1})
    assert found(*messages, host="dashscope") == [("host_key", "messages[0].name"), ("host_key", "messages[1].weight")]


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        ((SYSTEM, USER, SAID, USER, SAID), []),
        ((USER, SYSTEM, SAID), [("host_system", "messages[1].role")]),
        ((USER, USER, SAID), [("host_turns", "messages[1].role")]),
        ((SYSTEM, SAID), [("host_turns", "messages[1].role")]),
    ],
)
def test_siliconflow_wants_the_system_message_first_and_strict_turns(messages, expected):
    assert found(*messages, host="siliconflow") == expected


def test_a_file_that_openai_takes_is_refused_for_siliconflow_only_when_asked():
    assert check(case("42")).ok
    assert [problem.line for problem in check(case("42"), host="SiliconFlow").errors] == [10]


def test_azure_takes_no_dots_in_a_suffix_and_no_job_is_started_with_one():
    azure = openai.OpenAI(base_url="https://shop.openai.azure.com/openai/v1/", api_key="none")
    with pytest.raises(ValueError, match=r'suffix: found "shop-1.2"; expected no dots on Azure OpenAI'):
        start(azure, "file-abc", "gpt-4.1-mini-2025-04-14", suffix="shop-1.2")
    check_suffix("shop-1-2", "azure")
    check_suffix("shop-1.2", None)


@pytest.mark.parametrize("host", ["mistrall", "", None, 7])
def test_a_host_that_is_not_known_is_refused_with_those_that_are(host):
    with pytest.raises(ValueError, match="dashscope, siliconflow, azure"):
        rules_of(host)
    with pytest.raises(ValueError, match='found "openrouter"; expected one of'):
        check([], host="openrouter")


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("api.siliconflow.cn", "siliconflow"),
        ("dashscope.aliyuncs.com", "dashscope"),
        ("shop.openai.azure.com", "azure"),
        ("api.openai.com", None),
        ("127.0.0.1", None),
        ("evilsiliconflow.cn", None),
    ],
)
def test_a_host_is_known_by_its_address(address, host):
    assert host_at(address) == host


def test_every_rule_names_its_source():
    assert all(rules.source and rules.addresses for rules in HOST_RULES)
