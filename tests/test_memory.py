"""Too little memory is told in one sentence, wherever it is noticed."""

from __future__ import annotations

import subprocess
import sys

import pytest

from dnaconv_core.memory import FULL, ran_out

LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[1]) << 20, -1))
from dnaconv_core.cli import main
sys.exit(main(sys.argv[2:]))
"""


@pytest.mark.slow
@pytest.mark.parametrize("mib", [200, 350, 500, 1000])
def test_a_command_under_a_limit_answers_or_says_that_memory_is_short(mib):
    words = ["predict", "tf_binding_synthetic", "ACGT" * 25 + "A", "--json"]
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(mib), *words], capture_output=True, text=True, timeout=120
    )
    told = f"dnaconv: {FULL}\n" if mib < 720 else "100% 1 of 1 sequences\n"  # torch alone takes as much
    assert (done.returncode, done.stderr) == (2 if mib < 720 else 0, told)


@pytest.mark.parametrize(
    "error, so",
    [
        (MemoryError(), True),
        (RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory"), True),
        (RuntimeError("can't start new thread"), True),
        (ImportError("libtorch.so: failed to map segment from shared object"), True),
        (OSError(12, "Cannot allocate memory"), True),
        (RuntimeError("shapes do not fit"), False),
        (ValueError("can't allocate memory"), False),
        (OSError(2, "No such file or directory"), False),
    ],
)
def test_lack_of_memory_has_several_names(error, so):
    assert ran_out(error) is so
