"""Too little memory is told in one sentence, wherever it is noticed."""

from __future__ import annotations

import subprocess
import sys

import pytest

from dnaconv_core import memory
from dnaconv_core.memory import FULL, kept_memory, lean_memory, ran_out

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


FREED = """
import os, sys
from dnaconv_core.memory import kept_memory, lean_memory

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

with kept_memory():
    pass  # glibc's own rule is off from here on
with lean_memory(int(sys.argv[1])):
    large, small = zip(*((bytearray(2 << 20), bytearray(100_000)) for _ in range(30)), strict=True)
    held = resident()
    del large
    print(held - resident(), len(small))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's rule, and /proc")
@pytest.mark.parametrize("n, returned", [(50_000, True), (49_999, False)])
def test_what_is_freed_among_what_stays_goes_back_to_the_system_where_examples_are_many(n, returned):
    """In a process of its own: what is free in one that did other work takes the arrays in."""
    told = subprocess.run([sys.executable, "-c", FREED, str(n)], capture_output=True, text=True, check=True).stdout
    freed, small = map(int, told.split())
    assert (freed > 50 << 20) if returned else (freed < 10 << 20), freed
    assert small == 30


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's rule")
def test_rules_of_memory_nest_and_end(monkeypatch):
    rules = []

    class Libc:
        def mallopt(self, what, value):
            rules.append(value)

        def malloc_trim(self, pad):
            rules.append("returned")

    monkeypatch.setattr(memory, "_libc", Libc)
    with lean_memory(60_000):
        with kept_memory(), lean_memory(60_000):
            rules.append("steps")
        rules.append("between")
    mb = 1 << 20
    lean, usual = [mb, 2 * mb, "returned"], [32 * mb, 64 * mb, "returned"]
    assert rules == [*lean, 1 << 30, 1 << 30, "steps", *lean, "between", *usual]
