"""Why the tool stops: each kind has its exit code and a remedy, and none is shown with a traceback."""

from bayplan.source import At


class BayplanError(Exception):
    """One sentence that says what is wrong, and a remedy. Its subclasses say whose turn it is."""

    exit_code = 1

    def __init__(self, message: str, *, remedy: str = "", at: At | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.at = at


class BrokenFileError(BayplanError):
    """A file of the repository cannot be read as what it should be."""

    exit_code = 1


class UsageError(BayplanError):
    """The command line or `bayplan.yaml` asks for something that does not exist."""

    exit_code = 2


class ConfigError(UsageError):
    """`bayplan.yaml` has mistakes: all of them, each with its place."""

    def __init__(self, message: str, problems: tuple[tuple[At, str], ...], *, remedy: str = "") -> None:
        super().__init__(message, remedy=remedy, at=problems[0][0] if problems else None)
        self.problems = problems


class MissingToolError(BayplanError):
    """Something is missing on this machine."""

    exit_code = 3


class MissingValueError(BayplanError):
    """The environment lacks a value that the stack does not start without."""

    exit_code = 3


class CommandFailedError(BayplanError):
    """Another program failed; `output` holds its own last words."""

    exit_code = 4

    def __init__(self, message: str, *, remedy: str = "", at: At | None = None, output: str = "") -> None:
        super().__init__(message, remedy=remedy, at=at)
        self.output = output


class TryAgainError(BayplanError):
    """The same command may succeed later: another bayplan is at work, a network did not answer."""

    exit_code = 75
