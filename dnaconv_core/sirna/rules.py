"""What designers look at in an siRNA: rules with their sources, stability of its ends, runs and repeats.

The guide is 21 bases, 5'→3', fully complementary to its target site. In the duplex its first 19 bases pair with the
sense strand, whose 19 bases are therefore bases 3 to 21 of the target site; two bases hang over at either 3' end.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

from dnaconv_core.sequence.encoding import reverse_complement_text

UI_TEI = "Ui-Tei et al. 2004, Nucleic Acids Res. 32:936"
REYNOLDS = "Reynolds et al. 2004, Nat. Biotechnol. 22:326"
XIA = "Xia et al. 1998, Biochemistry 37:14719"

# Free energy of one stack of two Watson-Crick pairs at 37 °C, 1 M NaCl, kcal/mol, by the 5'→3' word of either strand
_ONE_STRAND = {
    "AA": -0.93, "AU": -1.10, "UA": -1.33, "CU": -2.08, "CA": -2.11,
    "GU": -2.24, "GA": -2.35, "CG": -2.36, "GG": -3.26, "GC": -3.42,
}  # fmt: skip
STACK = _ONE_STRAND | {reverse_complement_text(word, "RNA"): value for word, value in _ONE_STRAND.items()}
TERMINAL_AU = 0.45  # for each end of the helix that is an A-U pair
_END = 5  # bases at either end whose stability is compared
_STEM, _LOOP = 4, 3  # a hairpin that counts: pairs in its stem, bases in its loop


def stacking_energy(word: str) -> float:
    """Sum of the stacks of an RNA word with its complement, kcal/mol at 37 °C, without initiation or end terms."""
    return sum(STACK[a + b] for a, b in pairwise(word))


def end_energies(guide: str) -> tuple[float, float]:
    """Stability in kcal/mol of the duplex at the guide's 5' end and at its 3' end (where the sense strand begins).

    Five pairs each, four stacks, of the 19 pairs, with the penalty of a terminal A-U pair. Source: XIA.
    """
    first, last = guide[:_END], guide[19 - _END : 19]
    return (
        stacking_energy(first) + TERMINAL_AU * (first[0] in "AU"),
        stacking_energy(last) + TERMINAL_AU * (last[-1] in "AU"),
    )


def gc_share(sequence: str) -> float:
    return (sequence.count("G") + sequence.count("C")) / len(sequence)


def longest_run(sequence: str, letters: str = "") -> int:
    """Length of the longest run of one base, or of any bases among `letters`."""
    longest = run = 0
    before = ""
    for base in sequence:
        same = base in letters if letters else base == before
        run = run + 1 if same else int(not letters or base in letters)
        longest, before = max(longest, run), base
    return longest


def longest_stem(sequence: str) -> int:
    """Pairs in the longest perfect hairpin stem (Watson-Crick, a loop of at least 3 bases) that the strand can form."""
    turned = reverse_complement_text(sequence, "RNA")
    n, best = len(sequence), 0
    for start in range(n):
        for size in range(best + 1, (n - start - _LOOP) // 2 + 1):
            # the partner of [start, start + size) lies downstream, after the loop: in `turned`, before n - its start
            place = turned.find(sequence[start : start + size])
            if place < 0 or n - place - size < start + size + _LOOP:
                break
            best = size
    return best


class Rule(NamedTuple):
    """One published criterion; `holds(guide)` for a guide of 21 bases."""

    title: str
    source: str
    holds: Callable[[str], bool]


def _sense(guide: str) -> str:
    """The 19 paired bases of the sense strand, 5'→3'."""
    return reverse_complement_text(guide[:19], "RNA")


RULES: dict[str, Rule] = {
    "ui_tei_1": Rule("A or U at the guide's 5' end", UI_TEI, lambda g: g[0] in "AU"),
    "ui_tei_2": Rule("G or C at the sense strand's 5' end", UI_TEI, lambda g: _sense(g)[0] in "GC"),
    "ui_tei_3": Rule(
        "at least 5 A/U in the guide's first 7 bases", UI_TEI, lambda g: sum(b in "AU" for b in g[:7]) >= 5
    ),
    "ui_tei_4": Rule("no run of G/C longer than 9 bases", UI_TEI, lambda g: longest_run(g[:19], "GC") <= 9),
    "reynolds_1": Rule("GC content of 30 to 52 %", REYNOLDS, lambda g: 0.30 <= gc_share(g[:19]) <= 0.52),
    "reynolds_2": Rule(
        "at least 3 A/U at sense positions 15 to 19", REYNOLDS, lambda g: sum(b in "AU" for b in _sense(g)[14:]) >= 3
    ),
    "reynolds_3": Rule(
        f"no internal repeats (here: no hairpin of {_STEM} pairs)", REYNOLDS, lambda g: longest_stem(_sense(g)) < _STEM
    ),
    "reynolds_4": Rule("A at sense position 19", REYNOLDS, lambda g: _sense(g)[18] == "A"),
    "reynolds_5": Rule("A at sense position 3", REYNOLDS, lambda g: _sense(g)[2] == "A"),
    "reynolds_6": Rule("U at sense position 10", REYNOLDS, lambda g: _sense(g)[9] == "U"),
    "reynolds_7": Rule("no G or C at sense position 19", REYNOLDS, lambda g: _sense(g)[18] not in "GC"),
    "reynolds_8": Rule("no G at sense position 13", REYNOLDS, lambda g: _sense(g)[12] != "G"),
}


def check_rules(guide: str) -> dict[str, bool]:
    """Which rules the guide (21 bases, RNA) keeps."""
    return {key: rule.holds(guide) for key, rule in RULES.items()}


def reynolds_score(guide: str) -> int:
    """The published sum of points, −2 to 10; functional siRNAs have 6 or more. Source: REYNOLDS."""
    kept = check_rules(guide)
    points = sum(b in "AU" for b in _sense(guide)[14:])
    points += sum(kept[f"reynolds_{number}"] for number in (1, 3, 4, 5, 6))
    return points - sum(not kept[f"reynolds_{number}"] for number in (7, 8))
