"""Rules against counting in text, and every single substitution against looking at each mutant by itself."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dnaconv_core.design.rules import SITES, Checker, Rules, parse_places, parse_words
from dnaconv_core.errors import InputError
from dnaconv_core.sequence.encoding import one_hot, to_codes

IUPAC = {"A": "A", "C": "C", "G": "G", "T": "T", "S": "CG", "W": "AT", "N": "ACGT"}


def codes_of(*texts: str) -> np.ndarray:
    return to_codes(one_hot(list(texts)))


def occurrences(text: str, word: str) -> int:
    return len(re.findall("(?=" + "".join(f"[{IUPAC[letter]}]" for letter in word) + ")", text))


def test_what_is_broken_is_counted_by_hand():
    rules = Rules(gc=(0.4, 0.5), forbidden=("GAATTC", "GGTCTC"), longest_run=3)
    found = Checker(rules, 20).broken(
        codes_of(
            "GAATTCACGAGACCTACACA",  # EcoRI once, being its own other strand; BsaI on the other strand; 9 of 20 GC
            "AAAAACGCGCGCATGCGCGC",  # two runs of four A in five; 13 of 20 GC where 10 are allowed
            "ACGTACGTACTTACGTACTA",
        )
    )
    assert found.tolist() == [2, 5, 0]


@settings(max_examples=60, deadline=None)
@given(
    st.text("ACGT", min_size=13, max_size=13),
    st.lists(st.text("ACGTSWN", min_size=1, max_size=5), max_size=3),
    st.integers(0, 3),
    st.tuples(st.floats(0, 0.4), st.floats(0.5, 1)),
)
def test_every_substitution_breaks_what_its_mutant_breaks(text, words, run, gc):
    rules = Checker(Rules(gc=gc, forbidden=tuple(words), longest_run=run), 13)
    after = rules.broken_after(codes_of(text))
    assert after.shape == (1, 4, 13)
    both = {*words, *(word[::-1].translate(str.maketrans("ACGT", "TGCA")) for word in words)}
    both |= {letter * (run + 1) for letter in "ACGT"} if run else set()
    for base, letter in enumerate("ACGT"):
        for place in range(13):
            mutant = text[:place] + letter + text[place + 1 :]
            strong = sum(map(mutant.count, "CG"))
            low, high = int(np.ceil(gc[0] * 13 - 1e-9)), int(np.floor(gc[1] * 13 + 1e-9))
            wrong = sum(occurrences(mutant, word) for word in both) + max(low - strong, 0, strong - high)
            assert after[0, base, place] == wrong == rules.broken(codes_of(mutant))[0]


def test_rna_is_read_on_one_strand():
    rules = Checker(Rules(forbidden=("UUA",)), 6, "RNA")
    assert rules.broken(to_codes(one_hot(["GUUAGG", "GUAAGG"], "RNA"))).tolist() == [1, 0]


def test_words_and_places_are_read_as_people_write_them():
    assert parse_words("ecori, TATAAA;gtsac TATAAA") == ("GAATTC", "TATAAA", "GTSAC")
    assert parse_places("5, 20-30") == ((4, 5), (19, 30))
    assert parse_words(" ") == parse_places("") == ()
    assert all(set(word) <= set("ACGT") and len(word) in (6, 7, 8) for word in SITES.values())


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        (Rules(edits=0), "edits is 0: allow at least 1"),
        (Rules(gc=(0.6, 0.4)), "the GC range is 0.6 to 0.4"),
        (Rules(gc=(0.41, 0.44)), "no sequence of 10 bases has a GC content of 0.41 to 0.44"),
        (Rules(longest_run=-1), "the longest run is -1"),
        (Rules(fixed=((8, 11),)), "position 11 is fixed and the sequence has 10 bases"),
        (Rules(fixed=((0, 10),)), "every position is fixed"),
    ],
)
def test_rules_that_cannot_hold_are_told(rules, words):
    with pytest.raises(InputError, match=words):
        Checker(rules, 10)


@pytest.mark.parametrize("text", ["0", "x", "7-3", "1-", "٣"])
def test_what_is_no_position_is_told(text):
    with pytest.raises(InputError, match="is no position: write positions counted from 1"):
        parse_places(text)


def test_bases_around_nothing_are_told():
    with pytest.raises(InputError, match="5 bases around fixed positions are to stay, and none is fixed: name some"):
        Checker(Rules(around=5), 20)
