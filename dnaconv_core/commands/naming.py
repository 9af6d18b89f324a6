"""The motifs that commands are given, and what those they find are called."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from dnaconv_core.answers.outputs import find_output
from dnaconv_core.commands.base import examples
from dnaconv_core.errors import InputError

if TYPE_CHECKING:
    from dnaconv_core.interpret.match import Match
    from dnaconv_core.model.bundle import Bundle
    from dnaconv_core.model.config import ModelConfig
    from dnaconv_core.sequence.motif import Motif

MOTIF_HELP = "IUPAC letters such as TGASTCA, a JASPAR id, 'filter 3' or 'pattern 1'"


def name_options(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--motifs",
        default="",
        metavar="FILE",
        help="name by this MEME, JASPAR or HOMER file, or by a word such as UGUANAUA, not by JASPAR CORE",
    )
    parser.add_argument(
        "--jaspar", default="vertebrates", metavar="GROUP", help="of JASPAR CORE (default: vertebrates)"
    )


def motif_meant(text: str, options: Namespace, bundle: Bundle) -> Motif:
    """The motif that --motif means, taken from the model where it is one of its own."""
    from dnaconv_core.interpret.filters import filter_motifs
    from dnaconv_core.interpret.keep import kept_with, load_discovery, load_filters
    from dnaconv_core.interpret.naming import filters_called, motif_called

    def filters() -> dict[str, Motif]:
        data = examples(options, bundle)
        found = load_filters(bundle.path) if data is None else filter_motifs(bundle.model, data.X).motifs
        if found is None:
            raise InputError(f"{options.model} has no held-out examples or windows kept with it: give --data DIR")
        return filters_called(found)

    def patterns() -> dict[str, Motif]:
        output = find_output(bundle.config, getattr(options, "task", ""))
        found = load_discovery(kept_with(bundle.path), output)
        if found is None:
            raise InputError(f"no patterns are kept with {options.model}: find them with 'dnaconv motifs' first")
        return {p.motif.name: p.motif for p in found.patterns}

    return motif_called(text, bundle.config.alphabet, filters=filters, patterns=patterns)


def given_motifs(options: Namespace, bundle: Bundle) -> list[Motif]:
    """The motifs a command is given: --motif, or those of a file. Raises InputError where there is neither, or both."""
    from dnaconv_core.sequence.motif_text import read_motifs

    if bool(options.motif) == bool(options.motifs):
        raise InputError("give either --motif IUPAC or --motifs FILE.meme")
    if options.motifs:
        notes: list[str] = []
        motifs = read_motifs(Path(options.motifs), notes=notes)
        for note in notes:
            print(note, file=sys.stderr)
        return motifs
    return [motif_meant(options.motif, options, bundle)]


def nameable(options: Namespace, config: ModelConfig) -> bool:
    """Whether there are motifs to compare with: JASPAR has none for RNA. Asked before the work, it reads them."""
    from dnaconv_core.interpret.compiled import compile_now, is_warm
    from dnaconv_core.interpret.naming import targets

    if config.alphabet != "DNA" and not options.motifs:
        return False
    targets(options.motifs, options.jaspar)
    if not is_warm():
        print("Tomtom compiles itself for this machine, once: that takes a minute or two", file=sys.stderr, flush=True)
        compile_now()
    return True


def p_words(p: float) -> str:
    return f"{p:.2g}" if p > 0 else "below 1e-300"


def best_name(matches: Sequence[Match]) -> str:
    from dnaconv_core.interpret.match import NO_MATCH

    if not matches or not matches[0].significant:
        return NO_MATCH
    best = matches[0]
    return f"{best.name} ({best.matrix_id}, q {best.q_value:.2g}, {best.strand})"
