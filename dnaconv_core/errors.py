"""The errors a user may see: one sentence that says what is wrong, where, and what to do."""

from __future__ import annotations

import re

_QUOTED = re.compile(r"(?<!\w)'([^\s'/]{60})[^\s'/]+'(?!\w)")  # but paths, which are needed whole


class DnaConvError(Exception):
    """Base of every error whose message is meant for the user (CLI exit code 2, shown in place in the dashboard).

    Of a name that it quotes, 60 letters are shown.
    """

    def __str__(self) -> str:
        return _QUOTED.sub(r"'\1…'", super().__str__())


class InputError(DnaConvError):
    """A value the user typed or passed: a sequence, an option, an argument."""


class ConfigError(InputError):
    """A field of a configuration: the message names the field, the value and what is allowed."""


class DataError(DnaConvError):
    """A file or a dataset that does not hold what it should."""


class UnsafeFileError(DataError):
    """A file that asks to run code, or to unpack to more than is allowed, when read."""


class FetchError(DnaConvError):
    """A download that could not be completed."""


class BundleError(DnaConvError):
    """A saved model that is missing, incomplete or inconsistent."""


class TrainingError(DnaConvError):
    """Training that cannot go on (for example a loss that is not a number)."""


class RunError(DnaConvError):
    """A run that does not exist or is in the wrong state for what was asked."""


class ClusterError(DnaConvError):
    """A Dask cluster that does not answer, was lost, or whose workers would not compute what this machine does."""
