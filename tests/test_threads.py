from __future__ import annotations

import threading

import pytest
import torch

from dnaconv_core.threads import alone, side_by_side


@pytest.fixture(autouse=True)
def two_threads():
    usual = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(usual)


def test_every_part_is_done_alone_and_comes_back_in_order():
    seen = {}

    def work(part):
        seen[part] = threading.get_ident(), torch.get_num_threads()

    assert list(side_by_side(work, range(50), 2)) == list(range(50))
    assert sorted(seen) == list(range(50))
    assert threading.get_ident() not in {who for who, _ in seen.values()}
    assert {count for _, count in seen.values()} == {1}


def test_both_work_at_the_same_time():
    together = threading.Barrier(2)
    list(side_by_side(lambda part: together.wait(timeout=20), range(6), 2))  # breaks where one waits for the other


def test_threads_here_and_to_come_are_as_before():
    list(side_by_side(lambda part: None, range(9), 2))
    assert torch.get_num_threads() == 2
    counts = []
    later = threading.Thread(target=lambda: counts.append(torch.get_num_threads()))
    later.start()
    later.join()
    assert counts == [2]


@pytest.mark.parametrize("threads", [1, 2])
def test_an_error_is_raised_and_the_rest_left_out(threads):
    begun = []

    def work(part):
        begun.append(part)
        if part == 3:
            raise ValueError("part 3")

    with pytest.raises(ValueError, match="part 3"):
        list(side_by_side(work, range(1000), threads))
    assert len(begun) < 20


@pytest.mark.parametrize("threads", [1, 2])
def test_who_takes_no_more_stops_the_rest(threads):
    begun = []
    for part in side_by_side(begun.append, range(1000), threads):
        if part == 5:
            break
    assert 5 < len(begun) < 20 or begun == list(range(6))


def test_one_part_or_one_thread_needs_no_other():
    where = []
    list(side_by_side(lambda part: where.append(threading.get_ident()), range(3), 1))
    list(side_by_side(lambda part: where.append(threading.get_ident()), [0], 8))
    assert set(where) == {threading.get_ident()}


def test_what_is_done_alone_has_one_thread_and_hands_on_what_it_returns_or_raises():
    assert alone(torch.get_num_threads) == 1 and torch.get_num_threads() == 2
    with pytest.raises(ZeroDivisionError):
        alone(lambda: 1 // 0)
    assert torch.get_num_threads() == 2
