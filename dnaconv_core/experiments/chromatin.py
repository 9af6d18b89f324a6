"""The same question with the window's chromatin accessibility as a covariate."""

from __future__ import annotations

from dataclasses import replace

from dnaconv_core.data import synthetic
from dnaconv_core.experiments.base import Example
from dnaconv_core.experiments.from_facts import auto_preset
from dnaconv_core.experiments.tf_binding import AP1_SITE, FACTS, QUICK, REAL_OTHER, REAL_SITE, TF_BINDING, TUNED

_OPEN_CHROMATIN = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 60" width="120" height="60">
<path d="M0 56H34C50 56 50 8 60 8S70 56 86 56H120" fill="#7A72EE" fill-opacity=".22" stroke="#7A72EE" stroke-width="2"/>
</svg>"""
_FACTS = FACTS._replace(skewed=True)  # accessibility: 0 to 0.13, mean 0.004, skewness 6

CHROMATIN = replace(
    TF_BINDING,
    key="chromatin",
    title="TF binding + chromatin",
    question="Does JUND bind this window, given how open its chromatin is?",
    explanation=(
        "A site in closed chromatin is rarely bound. The window's accessibility, one number, joins the network after "
        "Flatten. Small raw numbers are easily ignored by a network: see what their logarithm, standardised, does."
    ),
    synthetic=synthetic.chromatin,
    examples=(
        Example("AP-1 site, open", AP1_SITE, (0.02,), "TGACTCA where chromatin is open"),
        Example("AP-1 site, closed", AP1_SITE, (0.001,), "the same sequence where chromatin is closed"),
        Example("Real bound window", REAL_SITE, (0.006174,), "chr22:40256251-40256352 (hg19), bound by JUND in HepG2"),
        Example("Real unbound window", REAL_OTHER, (0.004066,), "chr22:38077176-38077277 (hg19), not bound"),
    ),
    covariates=(synthetic.ACCESSIBILITY,),
    picture=(_OPEN_CHROMATIN, "accessibility along DNA"),
    facts=_FACTS,
    presets=TF_BINDING.presets
    | {
        "quick": QUICK._replace(
            why="the book's network with the logarithm of accessibility, which learns synthetic data in seconds",
            settings=QUICK.settings
            | {"covariate_transform": "log", "batch_size": 250, "epochs": 30, "patience": 0},  # a long plateau first
        ),
        "tuned": TUNED._replace(
            settings=TUNED.settings | {"covariate_transform": "log", "covariate_gain": 8.0, "epochs": 12}
        ),
        "auto": auto_preset(_FACTS),
    },
)
