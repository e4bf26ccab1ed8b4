"""What other hosts ask of a training file beyond OpenAI's rules, as data. Each rule names where it was read."""

from dataclasses import dataclass

from helpers.training_file.problem import Example, Finding, excerpt

SYSTEM_ROLES = ("system", "developer")


@dataclass(frozen=True)
class HostRules:
    """The rules of one host. `addresses` are the ends of the names of its computers."""

    name: str
    title: str
    addresses: tuple[str, ...]
    source: str
    no_keys: frozenset[str] = frozenset()
    system_first: bool = False
    strict_turns: bool = False
    no_dots_in_suffix: bool = False


# Hosts whose files were found to have no rules of their own, or rules that nobody could confirm, are not listed.
HOST_RULES = (
    HostRules(
        "dashscope", "DashScope (Alibaba Bailian)", ("dashscope.aliyuncs.com", "dashscope-intl.aliyuncs.com"),
        "Alibaba's guide to fine-tuning on Bailian, read on 2026-11-27",
        no_keys=frozenset({"name", "weight"}),
    ),
    HostRules(
        "siliconflow", "SiliconFlow", ("siliconflow.cn", "siliconflow.com"),
        "SiliconFlow's guide to fine-tuning, read on 2026-11-27",
        system_first=True, strict_turns=True,
    ),
    HostRules(
        "azure", "Azure OpenAI", ("openai.azure.com", "services.ai.azure.com"),
        "Microsoft's guide to fine-tuning on Azure OpenAI, read on 2026-11-23",
        no_dots_in_suffix=True,
    ),
)  # fmt: skip


def rules_of(host: str) -> HostRules:
    """The rules of a host by its name. Raises ValueError, with the names that are known."""
    known = {rules.name: rules for rules in HOST_RULES}
    found = known.get(host.strip().lower()) if isinstance(host, str) else None
    if found is None:
        raise ValueError(f"host: found {excerpt(host)}; expected one of {', '.join(known)}, or None for OpenAI's rules")
    return found


def host_at(address: str | None) -> str | None:
    """The name of the host with rules of its own at this address (`api.siliconflow.cn`); None for any other."""
    for rules in HOST_RULES:
        if address and any(address == end or address.endswith(f".{end}") for end in rules.addresses):
            return rules.name
    return None


def check_for_host(example: Example, rules: HostRules, finding: Finding) -> None:
    """Report what this host refuses in an example that OpenAI takes."""
    messages = example.get("messages")
    if not isinstance(messages, list) or not all(isinstance(message, dict) for message in messages):
        return
    for i, message in enumerate(messages):
        for key in sorted(rules.no_keys & message.keys()):
            finding.error(
                "host_key", f"messages[{i}].{key}", f"the key {excerpt(key)}", f"none: {rules.title} does not know it",
                "remove it for this host",
            )  # fmt: skip
    roles = [message.get("role") for message in messages]
    if rules.system_first:
        late = next((i for i, role in enumerate(roles) if i and role in SYSTEM_ROLES), None)
        if late is not None:
            finding.error(
                "host_system", f"messages[{late}].role", "a system message after others",
                f"system first on {rules.title}", "make it the first message, or a part of a question",
            )  # fmt: skip
    if rules.strict_turns:
        _check_turns(roles, rules, finding)


def _check_turns(roles: list[object], rules: HostRules, finding: Finding) -> None:
    turn, expected = 0, ("user", "assistant")
    for i, role in enumerate(roles):
        if role in SYSTEM_ROLES:
            continue
        if role != expected[turn % 2]:
            finding.error(
                "host_turns", f"messages[{i}].role", excerpt(role),
                f"{expected[turn % 2]}: user and assistant take strict turns on {rules.title}",
                "join messages of the same role into one; leave out examples with tools",
            )  # fmt: skip
            return
        turn += 1


def check_suffix(suffix: str | None, host: str | None) -> None:
    """Raise ValueError for the suffix of a job that this host (its name, or None) refuses."""
    rules = rules_of(host) if host is not None else None
    if suffix and rules and rules.no_dots_in_suffix and "." in suffix:
        raise ValueError(
            f"suffix: found {excerpt(suffix)}; expected no dots on {rules.title}; write a dash in place of the dot"
        )
