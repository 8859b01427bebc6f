"""Every way in which a run can end badly, with one exit code each.

An error is an instruction: its text says what was wrong, what is allowed and what to type next.
"""


class HealerError(Exception):
    """Anything that ends a command; `exit_code` is what the shell sees."""

    exit_code = 2


class UsageError(HealerError):
    """The command line or its target cannot be used as given."""


class ConfigError(UsageError):
    """A policy or configuration file is wrong; the text names file, key, what is allowed and an example."""


class RepositoryError(UsageError):
    """The path is not a repository that can be healed (missing, empty, broken)."""


class ForgeError(HealerError):
    """The forge or the network did not do what it was asked to do."""

    exit_code = 3


class NotMergeableError(ForgeError):
    """The forge does not merge it now: a rule of the branch, a missing review or check, or it is still computing."""


class PullRefusedError(ForgeError):
    """The forge lets us push and not open pull requests. link: where a person opens it with two clicks."""

    def __init__(self, message: str, link: str) -> None:
        super().__init__(message)
        self.link = link


class LedgerError(ForgeError):
    """The ledger cannot be read or is not what an append-only history can be."""


class LostRaceError(HealerError):
    """Somebody else was faster; nothing was lost, run again."""

    exit_code = 4


class PreflightError(HealerError):
    """The run was refused before it began; nothing was written."""

    exit_code = 5


class SandboxError(PreflightError):
    """The sandbox that the policy demands cannot be had on this machine."""


class PhaseOverError(HealerError):
    """The time of a phase of proof is over. What was cut says nothing, and is not remembered."""


class BrokenStepError(HealerError):
    """A step or plug-in did something that nobody foresaw: a bug, kept to the upgrade that it hit."""

    exit_code = 3


class AlreadyGoneError(HealerError):
    """There is nothing to take back: somebody did it already."""


class IllegalEventError(HealerError):
    """An event that cannot follow what the upgrade has lived through so far."""

    exit_code = 3


class StaleEditError(HealerError):
    """An edit no longer fits the bytes that it was made for."""


class UnavailableError(HealerError):
    """Something was asked for that this kind of run does not have."""

    exit_code = 3
