"""Titles in MovieLens's format are split into name, alternatives and year."""

from pathlib import Path

import pytest
import yaml

from stages.movielens.title_format import alternatives, split_year, spoken

TITLES = yaml.safe_load(Path(__file__).with_name("title_format.yaml").read_text("utf-8"))


@pytest.mark.parametrize(("title", "name", "year"), TITLES["years"])
def test_the_year_is_split_from_the_title(title: str, name: str, year: int | None) -> None:
    assert split_year(title) == (name, year)


@pytest.mark.parametrize(("name", "displayed", "others"), TITLES["names"])
def test_a_title_has_a_name_to_display_and_alternatives(name: str, displayed: str, others: list[str]) -> None:
    assert spoken(name) == displayed
    assert alternatives(name) == others
