"""`import dnaconv_core as dc`: light, complete, and its names are functions whatever else was imported."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import dnaconv_core as dc
from dnaconv_core.errors import InputError

CORE = Path(dc.__file__).parent
HEAVY = "sorted({'torch', 'numpy', 'pandas', 'sklearn', 'plotly', 'streamlit'} & set(sys.modules))"


def _in_a_fresh_process(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def test_import_is_light():
    assert _in_a_fresh_process(f"import sys, dnaconv_core as dc; print({HEAVY}, len(dir(dc)) > 20)") == "[] True"


@pytest.mark.slow
def test_torch_comes_with_the_first_name_that_needs_it():
    code = (
        "import sys, dnaconv_core as dc; dc.load_data(['ACGT']); print('torch' in sys.modules); dc.load('rnai_huesken')"
    )
    assert _in_a_fresh_process(code + "; print('torch' in sys.modules)").split() == ["False", "True"]


@pytest.mark.slow
def test_a_name_is_the_function_before_and_after_its_namesake_is_imported():
    code = (
        "import dnaconv_core as dc; first = dc.predict; import dnaconv_core.predict, dnaconv_core.train.loop\n"
        "import dnaconv_core.scan.scan, dnaconv_core.variants.effects, dnaconv_core.evaluate.metrics, sys\n"
        "import dnaconv_core.plot.logo\n"
        "print(all(map(callable, (first, dc.predict, dc.train, dc.scan, dc.variants, dc.evaluate, dc.plot.logo))))\n"
        "print(dc.train is sys.modules['dnaconv_core.train'], dc.train.loop.fit.__name__)\n"
        "print(dc.predict('rnai_huesken', 'CCUAAGAUAAUUCUGCGCCUG').shape)"
    )
    assert _in_a_fresh_process(code).splitlines() == ["True", "True fit", "(1, 1)"]


def test_every_name_is_there_with_a_docstring_and_types():
    for name in dc.__all__:
        found = getattr(dc, name)
        assert inspect.getdoc(found), name
        if callable(found) and not inspect.isclass(found):
            signature = inspect.signature(found)
            assert signature.return_annotation is not inspect.Signature.empty, name
    assert 18 <= len(dc.__all__) <= 25 and set(dc.__all__) <= set(dir(dc))


def test_every_function_says_what_it_raises_and_has_an_example():
    offered = [getattr(dc, name) for name in dc.__all__] + [getattr(dc.plot, name) for name in dc.plot.__all__]
    functions = [one for one in offered if callable(one) and not inspect.isclass(one)]
    assert len(functions) > 18
    lacks = [
        (function.__name__, wanted)
        for function in functions
        for wanted in (">>> ", "Raises ")
        if inspect.signature(function).parameters and wanted not in inspect.getdoc(function)
    ]
    assert not lacks


def test_a_curve_of_what_is_none_is_refused():
    with pytest.raises(InputError, match="there are 3 labels and 2 predictions: give one for each"):
        dc.plot.scatter(([0, 1, 1], [0.1, 0.2]))
    with pytest.raises(InputError, match="no curve can be drawn of a int: give what dc.evaluate"):
        dc.plot.roc(5)


@pytest.mark.parametrize("package", ["", "plot"])
def test_stub_and_package_offer_the_same_names(package):
    stub = ast.parse((CORE / package / "__init__.pyi").read_text())
    named = {alias.asname for node in stub.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert named == set((dc.plot if package else dc).__all__)


def test_another_name_is_told_as_python_does():
    with pytest.raises(AttributeError, match=r"module 'dnaconv_core' has no attribute 'predcit'"):
        dc.predcit  # noqa: B018
