"""Names by Tomtom and hits by FIMO: against counting all words, against each other, and what is known of AP-1."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from dnaconv_core.errors import InputError
from dnaconv_core.interpret import compiled
from dnaconv_core.interpret.hits import find_hits, tail_chances
from dnaconv_core.interpret.match import benjamini_hochberg, match_motifs
from dnaconv_core.interpret.naming import motif_called
from dnaconv_core.sequence.encoding import one_hot
from dnaconv_core.sequence.motif import AP1, from_iupac, to_pwm
from dnaconv_core.sequence.shuffle import random_backgrounds


def test_hits_have_the_p_value_that_counting_all_words_gives():
    grid = np.round(100 * to_pwm(AP1.ppm[:, :5])).astype(int)
    words = [sum(grid[b, i] for i, b in enumerate(word)) for word in itertools.product(range(4), repeat=5)]
    scores = np.arange(grid.min(axis=0).sum(), grid.max(axis=0).sum() + 1)
    counted = 1 - np.searchsorted(np.sort(words), scores) / 4**5
    np.testing.assert_allclose(tail_chances(grid), counted, atol=1e-12)
    motif = from_iupac("TGAS")._replace(nsites=20.0)
    found = find_hits(one_hot(["AATGACAA", "TTGTCATT", "AAAAAAAA"]), motif, p_value=0.01)
    assert list(zip(found.sequence, found.start, found.strand, strict=True)) == [(0, 2, "+"), (1, 2, "-")]
    assert found.p_value[0] == pytest.approx(2 / 256, rel=0.05) and (found.q_value >= found.p_value).all()


def test_a_single_strand_is_read_alone_and_pays_for_its_own_places_only():
    X, motif = one_hot(["AATGACAAAA", "TTGTCATTTT"]), from_iupac("TGAC")._replace(nsites=100.0)
    both, one = (find_hits(X, motif, p_value=0.01, strands=strands) for strands in ("both", "one"))
    assert list(zip(both.sequence, both.start, both.strand, strict=True)) == [(0, 2, "+"), (1, 2, "-")]
    assert list(zip(one.sequence, one.start, one.strand, strict=True)) == [(0, 2, "+")]
    assert one.q_value[0] == pytest.approx(14 * one.p_value[0])  # 2 sequences of 7 places


class TestNames:
    """Tomtom compiles for minutes on a machine's first call, then takes a second."""

    pytestmark = pytest.mark.slow

    def test_ap1_is_named_by_its_family_on_either_strand_with_the_right_offset(self):
        from dnaconv_core.interpret.jaspar import jaspar

        vertebrates = jaspar()
        assert len(vertebrates) > 800 and all(abs(m.ppm.sum(axis=0) - 1).max() < 1e-9 for m in vertebrates)
        wide = AP1._replace(ppm=np.concatenate([np.full((4, 2), 0.25), AP1.ppm], axis=1))
        nothing = from_iupac("NNNNNA")
        plain, shifted, none = match_motifs([AP1, wide, nothing], vertebrates)
        family = ("FOS", "JUN", "BATF", "BACH", "NFE2", "JDP2", "ATF", "MAF")
        for matches, first in ((plain, 0), (shifted, 2)):
            assert any(name in matches[0].name.upper() for name in family) and matches[0].q_value < 0.01
            assert matches[0].significant and len(matches) == 5
            best = matches[0]
            column = first - best.offset  # of the oriented target, where TGASTCA begins
            core = best.oriented().ppm[:, column : column + 7].argmax(axis=0)
            assert "".join("ACGT"[b] for b in core) in ("TGACTCA", "TGAGTCA")
        assert none == []
        assert [m.q_value for m in plain] == sorted(m.q_value for m in plain)

    def test_nothing_to_compare_with_is_told(self):
        with pytest.raises(InputError, match="there are no motifs to compare with"):
            match_motifs([AP1], [])


def test_benjamini_hochberg_by_hand():
    np.testing.assert_allclose(benjamini_hochberg(np.array([0.03, 0.01, 0.5, 0.02])), [0.04, 0.04, 0.5, 0.04])


def test_q_values_of_the_smallest_p_values_count_all_tests():
    p = np.array([0.03, 0.01, 0.5, 0.02])
    few = benjamini_hochberg(p[p < 0.1], 4)
    np.testing.assert_allclose(few, benjamini_hochberg(p)[p < 0.1])


def test_a_place_with_an_unknown_base_is_no_hit():
    X, motif = one_hot(["AATGACTCAAAA", "AATGANTCAAAA"]), AP1
    assert set(find_hits(X, motif, p_value=0.01).sequence) == {0}
    with pytest.raises(InputError, match="the motif has 7 columns but the sequences have 5 bases"):
        find_hits(one_hot("ACGTA"), motif)


@pytest.mark.slow  # memelite compiles itself on a machine's first call
@pytest.mark.parametrize("p_value", [1e-4, 1e-3, 0.02])
def test_fimo_and_numpy_find_the_same_places_with_the_same_chances(p_value, monkeypatch):
    X = random_backgrounds(300, 61, seed=3)
    X[7, :, 30] = 0
    rng = np.random.default_rng(1)
    other = AP1._replace(ppm=rng.dirichlet(np.full(4, 0.4), 11).T, nsites=50.0)
    for motif in (AP1, other):
        monkeypatch.setattr("dnaconv_core.interpret.hits.is_warm", lambda: True)
        theirs = find_hits(X, motif, p_value=p_value)
        monkeypatch.setattr("dnaconv_core.interpret.hits.is_warm", lambda: False)
        ours = find_hits(X, motif, p_value=p_value)
        found = [
            {tuple(map(str, place)): i for i, place in enumerate(zip(*h[:3], strict=True))} for h in (theirs, ours)
        ]
        both = found[0].keys() & found[1].keys()
        assert len(both) >= 0.98 * max(map(len, found)) > 0  # they differ in the rounding of a score at the limit
        chances = np.array([[theirs.p_value[found[0][place]], ours.p_value[found[1][place]]] for place in both])
        np.testing.assert_allclose(*chances.T, rtol=0.05)
        assert (theirs.q_value >= theirs.p_value).all() and (np.diff(theirs.p_value) >= 0).all()


class TestCompiling:
    """In a process of its own: one of all callers starts it, a killed one can be started again."""

    def test_one_process_that_can_be_killed_and_started_again(self, monkeypatch):
        started = []
        popen = compiled.subprocess.Popen
        monkeypatch.setattr(
            compiled.subprocess,
            "Popen",
            lambda _, **rest: started.append(popen(["/bin/sleep", "60"], **rest)) or started[-1],
        )
        assert not compiled.is_warm() and not compiled.compiling()
        first = compiled.warm_up()
        assert first is started[0] and compiled.compiling()
        assert compiled.warm_up() is None and len(started) == 1
        first.kill()
        first.wait()
        assert not compiled.compiling() and not compiled.is_warm()
        second = compiled.warm_up()
        assert second is started[1] and compiled.compiling()
        second.kill()
        second.wait()

    @pytest.mark.slow
    def test_the_real_one_ends_and_leaves_its_mark(self):
        process = compiled.warm_up()
        assert process.wait(400) == 0
        assert compiled.is_warm() and not compiled.compiling() and compiled.warm_up() is None


def test_families_pay_for_their_own_tests_only(monkeypatch):
    """Tomtom stands in: p-values by hand, two motifs and three targets."""
    p = np.array([[0.01, 0.3, 0.5], [0.02, 0.04, 0.9]])
    zeros = np.zeros_like(p)
    monkeypatch.setattr("memelite.tomtom", lambda *_, **__: (p, zeros, zeros, zeros, zeros))
    targets = [AP1._replace(name=str(i)) for i in range(3)]

    def q_values(**options):
        return [[round(m.q_value, 6) for m in row] for row in match_motifs([AP1, AP1], targets, **options)]

    assert q_values() == [[0.06, 0.45, 0.6], [0.06, 0.08, 0.9]]
    assert q_values(families=[1, 0]) == [[0.03, 0.45, 0.5], [0.06, 0.06, 0.9]]


def test_hits_on_strands_that_there_are_not():
    with pytest.raises(InputError, match="strands is 'minus': choose both or one"):
        find_hits(np.zeros((1, 4, 9), np.int8), from_iupac("TGA"), strands="minus")


@pytest.mark.slow
def test_a_motif_is_called_by_letters_by_number_or_by_its_id_in_jaspar():
    own = {"filters": lambda: {"filter 3": AP1}, "patterns": dict}
    typed = motif_called(" tgastca ", **own)
    assert (typed.matrix_id, typed.nsites) == ("TGASTCA", 100.0)
    assert motif_called("Filter 3", **own) is AP1 is motif_called("filter_3", **own)
    named = motif_called("ma0099.4", **own)
    assert named.name == "FOS::JUN" and named.width <= 10  # without its uncertain ends
    for text, message in (
        ("filter 2", "there is no filter 2 to take a motif from"),
        ("pattern 1", "no pattern was found yet: look for motifs first"),
        ("MA0000.1", "JASPAR CORE has no matrix MA0000.1: give the id of another"),
        ("TGAZ", "has 'Z' at position 4"),
        ("", "the motif is empty"),
    ):
        with pytest.raises(InputError, match=message):
            motif_called(text, **own)
    with pytest.raises(InputError, match="MA0099.4 is a motif of DNA and this model reads RNA"):
        motif_called("MA0099.4", "RNA", **own)
    with pytest.raises(InputError, match="no filter of this model ever fires"):
        motif_called("filter 1", filters=dict, patterns=dict)
