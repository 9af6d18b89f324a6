"""Names by Tomtom and hits as FIMO finds them: against counting all words, and what is known of AP-1."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from dnaconv_core.errors import InputError
from dnaconv_core.interpret import compiled
from dnaconv_core.interpret.hits import find_hits, score_chances, tail_chances
from dnaconv_core.interpret.match import benjamini_hochberg, match_motifs
from dnaconv_core.interpret.naming import motif_called, named, named_filters
from dnaconv_core.sequence.encoding import one_hot
from dnaconv_core.sequence.motif import AP1, UNIFORM, Motif, from_iupac, to_ppm, to_pwm
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


PUM2 = "UGUANAUA"
FILES = {
    "word": f"{PUM2}\n",
    "named word": f"PUM2  {PUM2}\n",
    "meme": "MEME version 4\n\nALPHABET= ACGU\n\nMOTIF M1 PUM2\nletter-probability matrix: alength= 4 w= 8 nsites= 50\n"
    + "\n".join(" ".join(map(str, column)) for column in from_iupac(PUM2).ppm.T),
    "jaspar": ">M1 PUM2\n" + "\n".join(
        f"{letter} [ {' '.join(str(int(100 * share)) for share in row)} ]"
        for letter, row in zip("ACGU", from_iupac(PUM2).ppm, strict=True)
    ),
    "homer": f">{PUM2}\tPUM2\t6.5\n" + "\n".join("\t".join(map(str, c)) for c in from_iupac(PUM2).ppm.T),
}  # fmt: skip


class TestNames:
    """Tomtom compiles for minutes on a machine's first call, then takes a second."""

    pytestmark = pytest.mark.slow

    def test_torch_has_as_many_threads_as_before(self):
        """numba shares OpenMP with torch, and leaves its number at that of the cores."""
        usual = torch.get_num_threads()
        torch.set_num_threads(3)
        try:
            motifs = [from_iupac(word).ppm for word in ("TGACTCA", "CCGGAAGT")]
            compiled.tomtom(motifs, motifs)
            assert torch.get_num_threads() == 3
        finally:
            torch.set_num_threads(usual)

    @pytest.mark.parametrize("kind", ["typed", *FILES])
    def test_a_filter_of_rna_is_named_by_what_the_user_gives_and_on_its_own_strand(self, kind, tmp_path):
        """40 sites, nine tenths of them right, in a filter two bases wider on either side."""
        rng, motifs = np.random.default_rng(0), []
        for word in ("TGTAAATA", "TATTTACA", "GGGCGGGA"):  # the site, its reverse complement, another one
            chance = np.pad(from_iupac(word).ppm, ((0, 0), (2, 2)), constant_values=0.25) * 0.88 + 0.03
            counts = np.stack([rng.multinomial(40, column / column.sum()) for column in chance.T]).T
            motifs.append(Motif("filter 1", word, to_ppm(counts), 40))
        given = PUM2
        if kind != "typed":
            given = str(tmp_path / "given.txt")
            (tmp_path / "given.txt").write_text(FILES[kind])
        site, turned, other = named_filters(motifs, np.arange(3), given, alphabet="RNA")
        assert site[0].name == {"typed": PUM2, "word": PUM2}.get(kind, "PUM2")
        assert site[0].significant and (site[0].offset, site[0].strand) == (2, "+")
        assert not turned[0].significant and not other[0].significant
        assert named([motifs[1]], given)[0][0].significant  # of DNA either strand counts

    def test_ap1_is_named_by_its_family_on_either_strand_with_the_right_offset(self):
        from dnaconv_core.sequence.jaspar import jaspar

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


def _words(width: int) -> np.ndarray:
    """Every word of this width as codes (4 ** width, width)."""
    return np.array(list(itertools.product(range(4), repeat=width)))


def _by_counting(pwm: np.ndarray, background: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Score of every word, and the chance of a word that scores as much or more."""
    words = _words(pwm.shape[1])
    scores = pwm[words, np.arange(pwm.shape[1])].sum(axis=1)
    chances = background[words].prod(axis=1)
    at_least = np.array([chances[scores >= score - 1e-9].sum() for score in scores])
    return scores, at_least


@pytest.mark.parametrize("background", [(0.25, 0.25, 0.25, 0.25), (0.3, 0.15, 0.2, 0.35)])
@pytest.mark.parametrize("width", [1, 2, 5, 7])
def test_every_word_of_a_short_motif_has_the_chance_that_counting_gives(width, background):
    rng = np.random.default_rng(width)
    background = np.array(background)
    counts = rng.integers(0, 12, (4, width)) + 1  # columns whose scores tie across each other: 2 · 6 = 3 · 4
    for ppm, nsites in ((rng.dirichlet(np.full(4, 0.3), width).T, 1000.0), (counts / counts.sum(axis=0), 20.0)):
        pwm = to_pwm(ppm, background=background, nsites=nsites)
        scores, expected = _by_counting(pwm, background)
        np.testing.assert_allclose(score_chances(pwm, background).of(scores), expected, rtol=1e-9)


@pytest.mark.slow
def test_a_long_motif_never_has_a_chance_that_is_too_small(monkeypatch):
    """The way of long motifs, on one that can still be counted."""
    monkeypatch.setattr("dnaconv_core.interpret.hits._EXACT", 64)
    pwm = to_pwm(np.random.default_rng(5).dirichlet(np.full(4, 0.3), 7).T, nsites=50.0)
    scores, expected = _by_counting(pwm, UNIFORM)
    found = score_chances(pwm)
    assert len(found.scores) > 4**7  # a grid, no list of words
    lower = np.array([(scores >= score - 0.01).mean() for score in scores])
    assert (found.of(scores) >= expected * (1 - 1e-9)).all() and (found.of(scores) <= lower * (1 + 1e-9)).all()
    np.testing.assert_allclose(found.of(scores.max()[None]), 4.0**-7)


@pytest.mark.parametrize(("width", "nsites"), [(7, 20.0), (7, 1000.0), (12, 50.0), (20, 50.0), (600, 20.0)])
def test_the_best_word_is_found_and_its_p_value_is_never_0(width, nsites):
    motif = from_iupac(("TGACTCA" * 100)[:width])._replace(nsites=nsites)
    X = one_hot("C" + ("TGACTCA" * 100)[:width] + "C")
    hits = find_hits(X, motif, p_value=1e-4)
    assert (hits.start[0], hits.strand[0]) == (1, "+")
    assert hits.p_value[0] == pytest.approx(max(4.0**-width, np.finfo(float).tiny), rel=1e-9) and hits.p_value[0] > 0


def test_one_mismatch_of_seven_is_no_hit_at_a_thousandth():
    """22 of 16,384 words match TGACTCA in six places or seven: 0.00134."""
    motif = from_iupac("TGACTCA")._replace(ppm=np.where(from_iupac("TGACTCA").ppm == 1, 0.97, 0.01))
    X = one_hot("AATGACTCAAATGAGTCAAA")
    assert find_hits(X, motif, p_value=0.00134).p_value.tolist() == pytest.approx([1 / 4**7, 1 / 4**7])
    both = find_hits(X, motif, p_value=0.00135)
    assert [round(p * 4**7, 6) for p in both.p_value] == [1, 1, 22, 22]
    assert sorted(zip(both.start, both.strand, strict=True)) == [(2, "+"), (2, "-"), (11, "+"), (11, "-")]


@pytest.mark.parametrize("strands", ["both", "one"])
def test_places_are_those_of_a_plain_loop(strands):
    X = random_backgrounds(7, 23, seed=3)
    X[2, :, 11] = 0
    ppm = np.random.default_rng(1).dirichlet(np.full(4, 0.4), 5).T
    pwm = to_pwm(ppm, nsites=50.0)
    words, chances = _by_counting(pwm, UNIFORM)
    expected = {}
    for row, start, strand in itertools.product(range(7), range(19), "+-"[: 1 + (strands == "both")]):
        word = X[row, :, start : start + 5] if strand == "+" else X[row, ::-1, start : start + 5][:, ::-1]
        p = chances[np.abs(words - (word * pwm).sum()).argmin()]
        if word.sum() == 5 and p <= 0.25:
            expected[row, start, strand] = p
    found = find_hits(X, AP1._replace(ppm=ppm, nsites=50.0), p_value=0.25, strands=strands)
    places = dict(zip(zip(found.sequence, found.start, found.strand, strict=True), found.p_value, strict=True))
    assert len(expected) > 10 and places == pytest.approx(expected)


class TestCompiling:
    """In a process of its own: one of all callers starts it, a killed one can be started again."""

    def test_one_process_that_can_be_killed_and_started_again(self, tmp_path, monkeypatch):
        monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "code"))  # where nothing is yet
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
    def test_the_real_one_ends_and_leaves_its_mark(self, monkeypatch):
        compiled._marker().unlink(missing_ok=True)  # others wait meanwhile
        process = compiled.warm_up()
        assert process.wait(400) == 0
        assert compiled.is_warm() and not compiled.compiling() and compiled.warm_up() is None
        monkeypatch.setenv("DNACONV_HOME", "/another")
        assert compiled.is_warm()  # for everyone on the machine

    @pytest.mark.slow
    def test_two_processes_do_not_compile_at_the_same_time(self, tmp_path, monkeypatch):
        """The second calls Tomtom only when the first is done: stand-ins write down when."""
        monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "code"))
        code = (
            "import sys, time, memelite\n"
            "from dnaconv_core.interpret import compiled\n"
            "def slow(*_, **__):\n"
            "    print(time.monotonic(), flush=True)\n"
            "    time.sleep(0.5)\n"
            "    print(time.monotonic(), flush=True)\n"
            "    return [[0.0]] * 5\n"
            "memelite.tomtom = slow\n"
            "compiled.tomtom([], [])\n"
        )
        started = [
            subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=os.environ | home)
            for home in ({"DNACONV_HOME": str(tmp_path / name)} for name in ("one", "other"))
        ]
        spans = sorted([float(word) for word in one.communicate(timeout=60)[0].split()] for one in started)
        assert [one.returncode for one in started] == [0, 0] and spans[0][1] <= spans[1][0]
        assert (tmp_path / "code" / "memelite.lock").exists()

    def test_what_is_compiled_lies_in_the_home_where_the_packages_cannot_be_written(self, home, monkeypatch):
        monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
        beside = compiled.code_folder()
        assert beside.name == "__pycache__" and beside.parent.name == "memelite"
        monkeypatch.setattr(compiled.os, "access", lambda *_: False)
        assert compiled.code_folder() == home / "cache" / "numba"
        monkeypatch.setenv("NUMBA_CACHE_DIR", "")  # so that it is put back
        monkeypatch.delitem(sys.modules, "memelite", raising=False)
        config = SimpleNamespace(CACHE_DIR="")
        monkeypatch.setitem(sys.modules, "numba", SimpleNamespace(config=config))
        monkeypatch.setattr("builtins.__import__", lambda name, *_, **__: name)
        assert compiled._memelite() == "memelite"
        assert os.environ["NUMBA_CACHE_DIR"] == config.CACHE_DIR == str(home / "cache" / "numba")


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


def test_hits_have_their_letters_as_their_strand_reads_them():
    from dnaconv_core.interpret.hits import hit_words

    X = one_hot(["CCTGACTTCC", "AAGTCACCCC"])
    hits = find_hits(X, from_iupac("TGACTT"), p_value=1e-3)
    assert sorted(zip(hits.sequence.tolist(), hits.strand.tolist(), hit_words(X, hits), strict=True)) == [
        (0, "+", "TGACTT"),
        (1, "-", "TGACTT"),
    ]
