"""`dnaconv …`: arguments to core calls to text or JSON.

Exit codes: 0 done, 2 a user's mistake, 130 stopped by Ctrl-C, 1 our bug.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import json
import os
import sys
import typing
from collections.abc import Iterator, Sequence
from typing import Any

from dnaconv_core import __version__
from dnaconv_core.commands.names import COMMANDS
from dnaconv_core.errors import DataError, DnaConvError, InputError
from dnaconv_core.files import DISK_FULL, no_space
from dnaconv_core.memory import FULL, TorchNeedsRoom, ran_out


class _Parser(argparse.ArgumentParser):
    """Mistakes on the command line are told in one sentence, like every other mistake of a user's."""

    def error(self, message: str) -> typing.NoReturn:
        raise InputError(f"{message} (see '{self.prog} --help')")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code. arguments: by default the program's own, which ends after this."""
    try:
        return _run(arguments)
    finally:
        if arguments is None:  # or the last collection of garbage looks through all of torch, for most of a second
            gc.freeze()


def _run(arguments: Sequence[str] | None) -> int:
    TorchNeedsRoom.install()
    try:
        given = sys.argv[1:] if arguments is None else arguments
        options = _parser(next((word for word in given if word[:1] != "-"), "")).parse_args(given)
        answer = options.run(options)
        if answer is None:  # under torchrun, another process has it
            return 0
        text = _as_json(answer.data) if options.json else answer.text
        if text:
            _print(text)
        return answer.code
    except DnaConvError as error:
        print(f"dnaconv: {error}", file=sys.stderr)
        return 2
    except (MemoryError, RuntimeError, ImportError) as error:
        if not ran_out(error):
            raise
        print(f"dnaconv: {FULL}", file=sys.stderr)
        return 2
    except OSError as error:
        if ran_out(error):
            print(f"dnaconv: {FULL}", file=sys.stderr)
            return 2
        where = error.filename or "a file"
        told = f"{where} cannot be read or written ({error.strerror or error}): fix that, or name another"
        if no_space(error):
            told = f"{where} cannot be written: {DISK_FULL}"
        print(f"dnaconv: {told}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("dnaconv: stopped", file=sys.stderr)
        return 130  # what a shell expects of a command that Ctrl-C ended


def _as_json(data: Any) -> str:
    try:
        return json.dumps(data, allow_nan=False)
    except ValueError:
        raise DataError(
            "the answer holds numbers that are not finite, which JSON cannot say: look at the model and the data, or "
            "at the answer without --json"
        ) from None


def _print(text: str) -> None:
    """On standard output, now: what cannot be written is told before the command ends."""
    try:
        print(text, flush=True)
    except UnicodeEncodeError:  # a terminal that does not know the letters of a name
        print(text.encode("ascii", "backslashreplace").decode(), flush=True)
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python tries again at its end
        if not isinstance(error, BrokenPipeError):  # `dnaconv runs | head` is no mistake
            raise InputError(f"standard output cannot be written ({error.strerror}): send it elsewhere") from None


def _parser(wanted: str | None = None) -> _Parser:
    """All commands; with `wanted` only that one has its options, as reading them all takes most of a second."""
    parser = _Parser(prog="dnaconv", description="1-D convolutional networks on DNA and RNA: train, evaluate, use.")
    parser.set_defaults(json=False)
    parser.add_argument("--version", action="version", version=f"dnaconv {__version__}")
    groups = parser.add_subparsers(metavar="COMMAND", required=True)
    for group, commands in COMMANDS.items():
        if wanted is None or wanted in commands:  # imported here, within reach of main's answer to Ctrl-C
            importlib.import_module(f"dnaconv_core.commands.{group}").add(groups, _command)
        else:
            for name, help in commands.items():
                groups.add_parser(name, help=help)
    return parser


def command_parsers() -> dict[str, argparse.ArgumentParser]:
    """The parser of every command by its words, such as 'runs list': what the reference is made from."""
    return dict(_commands_of(_parser(), ""))


def _commands_of(parser: argparse.ArgumentParser, words: str) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    groups = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    if not groups:
        yield words, parser
    for group in groups:
        for name, below in group.choices.items():
            yield from _commands_of(below, f"{words} {name}".strip())


def _command(where: Any, name: str, run: Any, help: str) -> argparse.ArgumentParser:
    """One command below `where`, with the options that all commands share."""
    made = where.add_parser(name, help=help, description=help)
    made.add_argument(
        "--json",
        action="store_true",
        default=argparse.SUPPRESS,  # or the default of 'list' would undo the --json of 'runs --json list'
        help="print one JSON value and nothing else on standard output",
    )
    made.set_defaults(run=run)
    return made


if __name__ == "__main__":
    sys.exit(main())
