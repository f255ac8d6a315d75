"""Names of locales: those that Faker makes up by itself, whoever else has names of the same locale made up meanwhile."""

from __future__ import annotations

from random import Random

import pytest
from faker import Faker

from ucmsim.calls.locales import Locale, Locales
from ucmsim.settings.traffic import locales

_NAMES = 40


@pytest.mark.filterwarnings("ignore:.* is deprecated")
@pytest.mark.parametrize("name", locales())
def test_names_are_those_that_faker_makes_up(name: str) -> None:
    """Of the same chance the same names, and what is drawn behind them, in every locale there is."""
    fake = Faker(name, providers=["faker.providers.person"])
    fake.seed_instance(1)
    expected = [fake.name() for _ in range(_NAMES)]
    parts = [{"first": fake.first_name(), "last": fake.last_name()} for _ in range(_NAMES)]
    locale, chance = Locale(name), Random(1)
    assert [locale.name(chance) for _ in range(_NAMES)] == expected
    assert [locale.parts(chance) for _ in range(_NAMES)] == parts
    assert chance.random() == fake.random.random()


def test_names_of_one_pbx_shift_nothing_of_another() -> None:
    """A locale remembers nobody's chance."""
    locale = Locales()["en_US"]
    alone = [locale.name(chance) for chance in [Random(1)] for _ in range(_NAMES)]
    one, other = Random(1), Random(2)
    among = [(locale.name(one), locale.parts(other))[0] for _ in range(_NAMES)]
    assert among == alone


def test_a_locale_is_loaded_once() -> None:
    """And is its own only for who shares it."""
    shared = Locales()
    assert shared["en_GB"] is shared["en_GB"]
    assert shared["en_GB"] is not Locales()["en_GB"]
    assert shared["en_GB"].country == "GB"
