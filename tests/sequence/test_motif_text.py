"""MEME and JASPAR text: as other programs write it, there and back, and every way of being wrong."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from dnaconv_core.errors import DataError
from dnaconv_core.sequence.motif import AP1, Motif, consensus
from dnaconv_core.sequence.motif_text import (
    parse_motifs,
    read_homer,
    read_jaspar,
    read_meme,
    read_motifs,
    write_jaspar,
    write_meme,
)

# the layout of the MEME suite's own "minimal motif format" description, with a URL line and a blank before the rows
MINIMAL = """MEME version 4

ALPHABET= ACGT

strands: + -

Background letter frequencies (from uniform background):
A 0.25000 C 0.25000 G 0.25000 T 0.25000

MOTIF MA0099.2 JUN::FOS

letter-probability matrix: alength= 4 w= 7 nsites= 18 E= 0
  0.000000\t  0.000000\t  0.000000\t  1.000000\t
  0.000000\t  0.000000\t  1.000000\t  0.000000\t
  1.000000\t  0.000000\t  0.000000\t  0.000000\t
  0.055556\t  0.388889\t  0.555556\t  0.000000\t
  0.000000\t  0.000000\t  0.000000\t  1.000000\t
  0.000000\t  1.000000\t  0.000000\t  0.000000\t
  1.000000\t  0.000000\t  0.000000\t  0.000000\t

URL http://jaspar.example/matrix/MA0099.2

MOTIF second
letter-probability matrix:
0.1 0.2 0.3 0.4
0.97 0.01 0.01 0.01
"""

# the parts of the full text output of the program meme that surround a motif's matrices
FULL = """********************************************************************************
MEME - Motif discovery tool
********************************************************************************
MEME version 5.5.5 (Release date: Thu Sep 14 08:48:04 2023 +1000)

********************************************************************************
TRAINING SET
********************************************************************************
PRIMARY SEQUENCES= sites.fa
ALPHABET "DNA" DNA-LIKE
A "Adenine" CC0000 ~ T "Thymine" 008000
C "Cytosine" 0000CC ~ G "Guanine" FFB300
END ALPHABET
MOTIF TGAC MEME-1\twidth =   4  sites =  25  llr = 214  E-value = 1.1e-020
********************************************************************************
\tMotif TGAC MEME-1 Description
********************************************************************************
Simplified        A  ::a:
pos.-specific     C  :::a
probability       G  :a::
matrix            T  a:::

--------------------------------------------------------------------------------
\tMotif TGAC MEME-1 position-specific scoring matrix
--------------------------------------------------------------------------------
log-odds matrix: alength= 4 w= 4 n= 475 bayes= 4.17 E= 1.1e-020
 -1129  -1129  -1129    200
 -1129  -1129    200  -1129
   200  -1129  -1129  -1129
 -1129    200  -1129  -1129
--------------------------------------------------------------------------------

--------------------------------------------------------------------------------
\tMotif TGAC MEME-1 position-specific probability matrix
--------------------------------------------------------------------------------
letter-probability matrix: alength= 4 w= 4 nsites= 25 E= 1.1e-020
 0.000000  0.000000  0.000000  1.000000
 0.000000  0.000000  1.000000  0.000000
 1.000000  0.000000  0.000000  0.000000
 0.000000  1.000000  0.000000  0.000000
--------------------------------------------------------------------------------
"""

JASPAR = """>MA0099.2\tJUN::FOS
A  [ 0  0 18  1  0  0 18 ]
C  [ 0  0  0  7  0 18  0 ]
G  [ 0 18  0 10  0  0  0 ]
T  [18  0  0  0 18  0  0 ]
>bare
0 1.5
2 0
0 0.5
0 0
"""


def test_meme_minimal():
    first, second = read_meme(MINIMAL)
    assert (first.matrix_id, first.name, first.nsites, first.ppm.shape) == ("MA0099.2", "JUN::FOS", 18, (4, 7))
    assert consensus(first.ppm) == "TGASTCA"
    np.testing.assert_allclose(first.ppm[:, 3], [1 / 18, 7 / 18, 10 / 18, 0], atol=1e-6)
    np.testing.assert_allclose(first.ppm.sum(axis=0), 1, atol=1e-12)
    assert (second.matrix_id, second.name, second.nsites) == ("second", "second", 20)
    np.testing.assert_allclose(second.ppm, [[0.1, 0.97], [0.2, 0.01], [0.3, 0.01], [0.4, 0.01]])


def test_meme_as_the_program_meme_writes_it():
    (motif,) = read_meme(FULL)
    assert (motif.matrix_id, motif.name, motif.nsites) == ("TGAC", "MEME-1", 25)
    assert consensus(motif.ppm) == "TGAC"


def test_jaspar():
    first, second = read_jaspar(JASPAR)
    assert (first.matrix_id, first.name, first.nsites) == ("MA0099.2", "JUN::FOS", 18)
    np.testing.assert_allclose(first.ppm, read_meme(MINIMAL)[0].ppm, atol=1e-6)
    assert (second.matrix_id, second.name) == ("bare", "bare")
    np.testing.assert_allclose(second.ppm, [[0, 0.75], [1, 0], [0, 0.25], [0, 0]])


def test_the_two_formats_are_told_apart(tmp_path):
    for name, text in (("a.txt", MINIMAL), ("b.txt", JASPAR)):
        (tmp_path / name).write_text(text)
        assert read_motifs(tmp_path / name)[0].matrix_id == "MA0099.2"
    (tmp_path / "c.txt").write_text("TGACTCX")
    with pytest.raises(DataError, match=r"c.txt holds no motifs: it should begin with 'MEME version'"):
        read_motifs(tmp_path / "c.txt")
    with pytest.raises(DataError, match=r"none.txt does not exist: check the name"):
        read_motifs(tmp_path / "none.txt")
    (tmp_path / "d.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match=r"d.txt is not a text file: byte 2 is not UTF-16"):
        read_motifs(tmp_path / "d.txt")


names = st.text("ABCxyz019:.-_", min_size=1, max_size=10)


@st.composite
def motifs(draw):
    width = draw(st.integers(1, 9))
    matrix = draw(arrays(float, (4, width), elements=st.floats(0, 1))) + 1e-3
    return Motif(draw(names), draw(names), matrix / matrix.sum(axis=0), float(draw(st.integers(1, 10_000))))


@given(st.lists(motifs(), min_size=1, max_size=3))
def test_round_trips(several):
    for read, write, tolerance in ((read_meme, write_meme, 3e-6), (read_jaspar, write_jaspar, 1e-4)):
        back = read(write(several))
        assert [(m.name, m.matrix_id) for m in back] == [(m.name, m.matrix_id) for m in several]
        for ours, theirs in zip(several, back, strict=True):
            np.testing.assert_allclose(theirs.ppm, ours.ppm, atol=tolerance)
            assert theirs.nsites == pytest.approx(ours.nsites, rel=1e-4)


def test_names_with_spaces_stay_one_motif():
    motif = AP1._replace(name="filter 3 (AP-1)", matrix_id="filter 3")
    assert read_meme(write_meme([motif]))[0][:2] == ("filter_3_(AP-1)", "filter_3")
    assert read_jaspar(write_jaspar([motif]))[0][:2] == ("filter 3 (AP-1)", "filter_3")


def test_biopython_reads_what_is_written():
    motifs = pytest.importorskip("Bio.motifs", reason="Biopython is not installed: pip install biopython")
    import io

    (meme,) = motifs.parse(io.StringIO(write_meme([AP1])), "minimal")
    (jaspar,) = motifs.parse(io.StringIO(write_jaspar([AP1])), "jaspar")
    np.testing.assert_allclose([meme.pwm[b] for b in "ACGT"], AP1.ppm, atol=0.05)  # it rounds to whole counts
    np.testing.assert_allclose([jaspar.counts[b] for b in "ACGT"], AP1.ppm * AP1.nsites, atol=1e-4)
    assert meme.name == jaspar.matrix_id == "AP1"


def without(text: str, old: str, new: str) -> str:
    assert old in text
    return text.replace(old, new, 1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is no MEME file: it has no line 'MEME version"),
        ("MEME version 4\n", "holds no motif: each begins with a line 'MOTIF name'"),
        (without(MINIMAL, "ACGT", "ACDEFGHIKLMNPQRSTVWY"), "line 3: the alphabet is 'ACDEFGHIKLMNPQRSTVWY'"),
        (
            without(FULL, '"DNA" DNA-LIKE', '"Protein" PROTEIN-LIKE'),
            "line 10: the alphabet is '\"Protein\" PROTEIN-LIKE'",
        ),
        (without(MINIMAL, "w= 7", "w= 8"), "motif 'MA0099.2' of the MEME text: its matrix has 7 rows .* w= 8"),
        (without(MINIMAL, "w= 7", "w= seven"), "line 12: its header holds something that is no number"),
        (without(MINIMAL, "alength= 4", "alength= 20"), "line 12: it has 20 letters, not 4"),
        (without(MINIMAL, "0.055556", "0.255556"), "line 16: its probabilities sum to 1.2, not to 1"),
        (without(MINIMAL, "0.055556", "-0.05556"), "line 16: -0.05556 is no count or probability"),
        (without(MINIMAL, "0.055556", "nan"), "line 16: nan is no count or probability"),
        (without(MINIMAL, "0.055556", "abc"), "line 16: 'abc' is no number"),
        (without(MINIMAL, "0.055556", ""), "line 16: it has 3 numbers, not one for each of A C G T"),
        (without(MINIMAL, "MOTIF MA0099.2 JUN::FOS", ""), "line 12: a matrix without a line 'MOTIF name' before it"),
        ("MEME version 4\nMOTIF a\n\nMOTIF b\n", "line 2: motif 'a' has no letter-probability matrix after it"),
        (MINIMAL + "MOTIF last\nletter-probability matrix: w= 3\n", "motif 'last' .* has 0 rows but .* w= 3"),
    ],
)
def test_meme_errors(text, message):
    with pytest.raises(DataError, match=message):
        read_meme(text)


def test_white_space_of_any_kind_after_motif_and_motifs_without_a_matrix_are_passed_over():
    tabs = MINIMAL.replace("MOTIF MA0099.2 JUN::FOS", "MOTIF\tMA0099.2\tJUN::FOS").replace("MOTIF second", "MOTIF")
    assert [motif.matrix_id for motif in read_meme(tabs)] == ["MA0099.2", "unnamed"]
    again = MINIMAL.replace("MOTIF second", "MOTIF gone\n\nMOTIF second") + "\nMOTIF last\n"
    notes: list[str] = []
    assert [motif.matrix_id for motif in read_meme(again, notes=notes)] == ["MA0099.2", "second"]
    assert notes == ["the MEME text: 2 motifs without a matrix were passed over: gone, last"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds no motif"),
        (">TGAC\tshort\t4\t-1\n" + "1\t2\t3\t4\n" * 4, "line 1: this is a motif of HOMER, whose rows are"),
        ("A [1 2]\n", "line 1: a matrix without a line '>id name' before it"),
        (">m\n1 2\n3 4\n5 6\n", "motif 'm' of the JASPAR text, line 1: it has 3 rows"),
        (">m\n1 2\n3 4\n5 6\n7 8\n9 1\n", "it has 5 rows, not one for each"),
        (">m\n1 2\n3 4\n5\n7 8\n", "its rows have 2, 2, 1, 2 counts"),
        (">m\n1 0\n3 0\n5 0\n7 0\n", "column 2 has no counts"),
        (">m\n1 2\n3 x\n5 6\n7 8\n", "line 3: 'x' is no number"),
        (">m\nA [1]\nG [1]\nC [1]\nT [1]\n", "line 3: row 'G' stands where 'C' should"),
    ],
)
def test_jaspar_errors(text, message):
    with pytest.raises(DataError, match=message):
        read_jaspar(text)


HOMER = """>ASTTCCTCTT\tPU.1(ETS)/ThioMac-PU.1-ChIP-Seq\t8.21\t-12000.1\t0\tT:100
0.5\t0.1\t0.1\t0.3
0.001\t0.5\t0.498\t0.001
>UGUA\tPUM\t3.5

0.1 0.2 0.3 0.4
"""


def test_homers_motifs_are_read_row_by_row_and_words_line_by_line():
    first, second = parse_motifs(HOMER, where="h")
    assert (first.name, first.matrix_id) == ("PU.1(ETS)/ThioMac-PU.1-ChIP-Seq", "ASTTCCTCTT")
    np.testing.assert_allclose(first.ppm.T, [[0.5, 0.1, 0.1, 0.3], [0.001, 0.5, 0.498, 0.001]])
    assert second.name == "PUM" and second.ppm[:, 0].tolist() == pytest.approx([0.1, 0.2, 0.3, 0.4])
    one, two = parse_motifs("UGUANAUA\n\nPUF ugua\n", where="w")
    assert (one.name, consensus(one.ppm), one.width) == ("UGUANAUA", "TGTANATA", 8)
    assert (two.name, consensus(two.ppm)) == ("PUF", "TGTA")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (">AC\tm\t1\n>CC\tn\t1\n1 0 0 0\n", "h, line 1: this motif has no row of probabilities after it"),
        (">AC\tm\t1\n1 0 0\n", "h, line 2: it has 3 numbers, not one for each of A C G T"),
        (">AC\tm\t1\n1 0 0 1\n", "h, line 2: its probabilities sum to 2, not to 1"),
        (">m n\n1 0 0 0\n>AC\tm\t1\n", "h, line 1: a motif of HOMER begins with consensus, name and threshold"),
    ],
)
def test_homer_errors(text, message):
    with pytest.raises(DataError, match=f"^{message}"):
        read_homer(text, where="h")


def test_text_that_holds_no_motifs_says_what_would():
    for text in ("", "hello world", "ACGT TGCA GATT"):
        with pytest.raises(DataError, match=r"^t holds no motifs: .*MEME.*JASPAR, HOMER.*or have an IUPAC word"):
            parse_motifs(text, where="t")


def test_a_motif_that_cannot_be_read_does_not_lose_the_others(tmp_path):
    good = ">M{}\n1 2\n3 4\n0 0\n1 1\n"
    bad = ">E\n1 0\n3 0\n0 0\n1 0\n>X\n1 x\n1 1\n1 1\n1 1\n"
    path = tmp_path / "m.jaspar"
    path.write_text(good.format(1) + bad + good.format(2))
    notes: list[str] = []
    assert [motif.matrix_id for motif in read_motifs(path, notes=notes)] == ["M1", "M2"]
    assert notes == [f"passed over (and 1 more): motif 'E' of {path}, line 6: column 2 has no counts"]
    path.write_text(bad)
    with pytest.raises(DataError, match="motif 'E' of .*: column 2 has no counts"):
        read_motifs(path)
    head = "letter-probability matrix: alength= 4 w= 1\n"
    path.write_text(f"MEME version 4\nMOTIF A\n{head}1 0 0 0\nMOTIF B\n{head}1 1 0 0\nMOTIF C\n{head}0 1 0 0\n")
    notes.clear()
    assert [motif.matrix_id for motif in read_motifs(path, notes=notes)] == ["A", "C"]
    assert "motif 'B'" in notes[0] and "sum to 2, not to 1" in notes[0]
    path.write_text(f"MEME version 4\n{head}1 0 0 0\nMOTIF A\n{head}1 0 0 0\n{head}1 0 0 0\nMOTIF C\n{head}0 1 0 0\n")
    notes.clear()
    assert [motif.matrix_id for motif in read_motifs(path, notes=notes)] == ["A", "C"]
    assert notes == [f"passed over (and 1 more): {path}, line 2: a matrix without a line 'MOTIF name' before it"]
    path.write_text(">AC\tone\t1\n1 0 0 0\n>G\ttwo\t1\n1 0 0\n>no homer\n0 1 0 0\n>G\tfour\t1\n0 0 1 0\n")
    notes.clear()
    assert [motif.name for motif in read_motifs(path, notes=notes)] == ["one", "four"]
    assert notes == [f"passed over (and 1 more): {path}, line 4: it has 3 numbers, not one for each of A C G T"]
