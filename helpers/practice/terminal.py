"""How the terminals of this world set variables of the environment."""

SETS = {  # the name and the value come in
    "macOS, Linux": "export {}={}",
    "PowerShell": '$env:{}="{}"',
    "Windows, cmd": "set {}={}",
}


def lines_to_type(settings: dict[str, str]) -> dict[str, list[str]]:
    """By terminal: a line for each variable."""
    return {system: [line.format(*variable) for variable in settings.items()] for system, line in SETS.items()}
