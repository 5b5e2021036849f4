import pytest

from ledgerflux.core.entropy import WORDS, Entropy


def words(entropy, count):
    return [entropy.word() for _ in range(count)]


def test_a_seed_gives_the_same_words_everywhere():
    assert words(Entropy("1"), 2) == [5153128192587287059, 16396236933319498377]
    assert words(Entropy("1"), 100) == words(Entropy("1"), 100)
    assert words(Entropy("1"), 100) != words(Entropy("2"), 100)


@pytest.mark.parametrize("taken", [0, 1, WORDS - 1, WORDS, WORDS + 1, 3 * WORDS + 7])
def test_another_object_goes_on_from_a_place(taken):
    first = Entropy("seed")
    words(first, taken)
    second = Entropy("seed", first.place)
    assert words(second, WORDS + 3) == words(first, WORDS + 3)


def test_the_bits_are_even():
    ones = sum(word.bit_count() for word in words(Entropy("bits"), 2_000))
    assert abs(ones / 64_000 - 1) < 0.01
