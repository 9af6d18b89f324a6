"""Whether a variant matters: matched places found by hand, p and q by hand, and a null that is uniform."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import stats

from dnaconv_core.data.genome import RecordContig
from dnaconv_core.errors import InputError
from dnaconv_core.model.config import ModelConfig
from dnaconv_core.model.convnet import build
from dnaconv_core.predict import predict
from dnaconv_core.results import Record
from dnaconv_core.sequence.encoding import decode, from_codes, one_hot, reverse_complement_text
from dnaconv_core.variants.effects import VariantEffect, score_variants
from dnaconv_core.variants.null import Null, benjamini_hochberg, by_model, judge, null_of, threshold_of
from dnaconv_core.variants.vcf import Variant

LENGTH = 11


def network(members: int = 1):
    made = build(ModelConfig(length=LENGTH, depth=1, kernel_size=4, filters=5, members=members), 3).eval()
    with torch.no_grad(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        for value in made.parameters():
            value.normal_(0, 0.5)
    return made


def contig(text: str) -> dict[str, RecordContig]:
    return {"c": RecordContig(Record("c", text, 0))}


def letters(n: int, seed: int) -> str:
    return decode(from_codes(np.random.default_rng(seed).integers(0, 4, (1, n))))[0]


def variant(start: int, ref: str, alt: str) -> Variant:
    return Variant("c", start + 1, ".", ref, (alt,), ("c", str(start + 1), ".", ref, alt), 0)


def scored(model, text: str, start: int, ref: str, alt: str) -> VariantEffect:
    (found,) = score_variants(model, [variant(start, ref, alt)], contig(text))
    assert found.effect_logit is not None, found.status
    return found


def logit(model, text: str) -> float:
    return float(predict(model, one_hot(text), output="logit")[0, 0])


def test_matches_are_the_same_three_letters_or_their_complement():
    """TAG > TCG occurs once more, and as its complement CTA > CGA once."""
    text = list("G" * 200)
    for at, three in ((50, "TAG"), (90, "TAG"), (130, "CTA")):
        text[at - 1 : at + 2] = three
    text[132] = "C"  # or CTAG held TAG too
    text, model = "".join(text), network()
    effect = scored(model, text, 50, "A", "C")
    changed = {90: "C", 130: "G"}
    expected = [
        logit(model, text[at - 5 : at] + base + text[at + 1 : at + 6]) - logit(model, text[at - 5 : at + 6])
        for at, base in changed.items()
    ]
    found = null_of(model, effect, contig(text), n=2)
    assert found.source == "region" and sorted(found.effects) == pytest.approx(sorted(expected), abs=1e-5)
    few = null_of(model, effect, contig(text), n=40)  # two are too few for forty
    assert few.source == "shuffled" and len(few.effects) == 40


@pytest.mark.parametrize("ref, alt", [("A", "ATTG"), ("ACG", "A"), ("AC", "TG")])
def test_insertions_and_deletions_are_moved_as_they_are(ref, alt):
    text, model = letters(300, 1), network()
    text = text[:150] + ref + text[150 + len(ref) :]
    found = null_of(model, scored(model, text, 150, ref, alt), contig(text), n=30)
    every = set()
    for at in range(6, 300 - 6 - 3):
        here = text[at : at + len(ref)]
        kept = here[:1] if alt[0] == ref[0] else ""
        new = kept + alt[len(kept) :]
        before, after = text[at - 5 : at + 6], (text[at - 5 : at] + new + text[at + len(ref) :])[:LENGTH]
        every.add(round(logit(model, after) - logit(model, before), 3))
    assert found.source == "region" and len(found.effects) == 30
    assert all(min(abs(value - one) for one in every) < 2e-3 for value in found.effects)


def test_percentiles_of_random_variants_are_uniform():
    """Variants that are placed as their matches are: by exchangeability every percentile is as likely."""
    text, model, rng = letters(6000, 5), network(), np.random.default_rng(8)
    genome = contig(text)
    placed = []
    for at in rng.choice(np.arange(20, 5980), 150, replace=False):
        placed.append(variant(int(at), text[at], rng.choice([b for b in "ACGT" if b != text[at]])))
    nulls = [null_of(model, effect, genome, n=60) for effect in score_variants(model, placed, genome)]
    assert {null.source for null in nulls} == {"region"}
    assert stats.kstest([null.percentile for null in nulls], "uniform").pvalue > 0.01
    assert min(len(null.largest) for null in nulls) >= 55  # a match may lie too near the end for every window
    assert stats.kstest([null.largest_percentile for null in nulls], "uniform").pvalue > 0.01


@pytest.mark.parametrize("ref, alt", [("A", "C"), ("ACG", "A"), ("A", "ATTG")])
def test_the_largest_effects_are_those_that_variants_there_have(ref, alt):
    """Every match of a region of repeats is the variant itself, moved: its own largest effect."""
    unit, model = letters(13, 7) + ref + letters(14, 6), network()
    text = unit * 30
    effect = scored(model, text, 5 * len(unit) + 13, ref, alt)
    found = null_of(model, effect, contig(text), n=25)
    places = [at for at in range(2 * LENGTH, len(text) - 2 * LENGTH) if abs(at - effect.variant.start) >= LENGTH]
    around, placed = text[effect.variant.start - 1 : effect.variant.start + 2], []
    for at in places:
        here = text[at : at + len(ref)]
        new = alt if len(ref) == len(alt) else here[:1] + alt[1:]
        if len(ref) == len(alt) and text[at - 1 : at + 2] != around:
            new = reverse_complement_text(alt) if text[at - 1 : at + 2] == reverse_complement_text(around) else here
        if new != here:
            placed.append(variant(at, here, new))
    own = [one.best_effect_logit for one in score_variants(model, placed, contig(text))]
    assert found.source == "region" and len(found.largest) >= 20
    assert all(min(abs(value - one) for one in own) < 2e-3 for value in found.largest)


def test_the_largest_effect_has_a_null_in_shuffles_where_the_region_is_short():
    text, model = letters(30, 3), network()
    effect = scored(model, text, 15, text[15], "ACGT"["ACGT".index(text[15]) - 1])
    found = null_of(model, effect, contig(text), n=40)
    assert found.source == "shuffled" and found.largest.shape == (40,)
    assert np.abs(found.largest).mean() > np.abs(found.effects).mean()  # the largest of many
    (judged,) = judge([effect], [found])
    above = (np.abs(found.largest) >= abs(effect.best_effect_logit)).sum()
    assert judged.largest_p == judged.largest_q == pytest.approx((1 + above) / 41)
    assert threshold_of([found], 0.5, largest=True) == pytest.approx(np.median(np.abs(found.largest)))


def test_p_and_q_by_hand():
    """Eight matched effects of sizes 1 to 8; sizes 8, 4.5 and 0 are reached by 1, 4 and all 8 of them."""
    nulls = [Null(np.array([1.0, -2, 3, -4]), "region", 0), Null(np.array([5.0, -6, 7, -8]), "region", 0)]
    made = [VariantEffect(variant(1, "A", "C"), "C", "ok", ref_logit=1.0, alt_logit=1.0 + d) for d in (-8, 4.5, 0)]
    missed = VariantEffect(variant(9, "A", "C"), "C", "outside: …")
    found = judge([*made, missed], [*nulls, nulls[0]._replace(effects=np.empty(0)), None])
    assert [one.p for one in found] == [pytest.approx(2 / 9), pytest.approx(5 / 9), 1.0, None]
    assert [one.q for one in found] == [pytest.approx(6 / 9), pytest.approx(7.5 / 9), 1.0, None]
    assert threshold_of(nulls, 0.5) == 4.5 and threshold_of([None]) is None
    assert [one.p for one in judge([missed], [None])] == [None]


def test_q_values_are_those_of_scipy():
    p = np.random.default_rng(0).random(37) ** 2
    assert benjamini_hochberg(p) == pytest.approx(stats.false_discovery_control(p))


def test_effects_by_member_average_to_the_effect():
    model, text = network(members=3), letters(60, 2)
    effect = scored(model, text, 30, text[30], "ACGT"["ACGT".index(text[30]) - 1])
    found = by_model([model], effect)
    assert found.shape == (3,) and found.mean() == pytest.approx(effect.effect_logit, abs=1e-5)
    one, two = network(), build(ModelConfig(length=LENGTH, depth=1, kernel_size=4, filters=5), 9).eval()
    expected = [logit(each, effect.alt_window) - logit(each, effect.ref_window) for each in (one, two)]
    assert by_model([one, two], effect) == pytest.approx(expected, abs=1e-5) and by_model([one], effect) is None
    with pytest.raises(InputError, match="n is 0"):
        null_of(one, effect, contig(text), n=0)
