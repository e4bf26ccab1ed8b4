"""How many files and connections this process may have open at once. macOS gives a terminal 256, which a room needs
for its databases alone; then a stranger's connections would take from learners the handles of their files."""

from dataclasses import replace

from helpers.practice.limits import Limits

try:
    import resource
except ImportError:  # Windows: there are no handles to run out of
    resource = None

OF_A_HOME = 3  # handles that a practice home holds: its database, and two files of SQLite's beside it
BACKLOG = 128  # connections that are accepted before the bound of connections is looked at
SPARE = 150 + BACKLOG  # the first are for what requests open while they are answered, and for Python itself
FEWEST_CONNECTIONS = 20


def within_open_files(limits: Limits, homes: int, most_homes: int) -> Limits:
    """The limits, with no more connections than there are file handles for. Where the system lets it, there are more.

    Args:
        limits: The limits as they are set.
        homes: How many practice homes are served.
        most_homes: How many they can become.

    Returns:
        The limits.
    """
    may_open = _allow(limits.connections + OF_A_HOME * most_homes + SPARE)
    connections = max(FEWEST_CONNECTIONS, may_open - OF_A_HOME * homes - SPARE)
    return replace(limits, connections=min(limits.connections, connections))


def _allow(number: int) -> int:
    """Let this process open so many, as far as the system lets it. Returns how many it may open."""
    if resource is None:
        return number
    now, most = (number if each == resource.RLIM_INFINITY else each for each in _limits())
    wanted = min(number, most)
    if now >= wanted:
        return now
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, _limits()[1]))
    except (ValueError, OSError):  # macOS has a second bound, which it does not tell
        return now
    return wanted


def _limits() -> tuple[int, int]:
    """What is allowed now, and what this process may allow itself."""
    return resource.getrlimit(resource.RLIMIT_NOFILE)
