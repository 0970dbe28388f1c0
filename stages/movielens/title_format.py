"""Splits titles in MovieLens's format into a name to display, alternative titles and a year."""

import re

ENGLISH_ARTICLES = frozenset("the a an".split())
_OTHERS = "les le la l' los las el il lo gli der die das den det de een un une uno una"
_ARTICLES = ENGLISH_ARTICLES.union(_OTHERS.split())
_ALTERNATIVE = re.compile(r"(.*\S)\s+\((?!id \d)(?:a\.k\.a\. )?([^()]*)\)", re.DOTALL)
"""In "Seven (a.k.a. Se7en)", but not in "untitled (id 5)"."""
_WITH_YEAR = re.compile(r"(?P<name>.*\S)\s*\((?P<year>\d{4})(?:\s*[-–]\s*(?:\d{4})?)?\)\s*")


def split_year(title: str) -> tuple[str, int | None]:
    """Title and year of release, for a series the first; None without one.

    >>> split_year("Matrix, The (1999) "), split_year("Babylon 5")
    (('Matrix, The', 1999), ('Babylon 5', None))
    """
    match = _WITH_YEAR.fullmatch(title)
    return (match["name"], int(match["year"])) if match else (title.strip(), None)


def label(title: str, year: int | None) -> str:
    """A title with its year where that is known: "The Matrix (1999)"."""
    return f"{title} ({year})" if year else title


def spoken(name: str) -> str:
    """The name to display of a title without its year: article in front, no alternative titles.

    >>> spoken("Seven (a.k.a. Se7en)"), spoken("City of Lost Children, The (Cité des enfants perdus, La)")
    ('Seven', 'The City of Lost Children')
    """
    return _article_in_front(_split_alternatives(name)[0])


def alternatives(name: str) -> list[str]:
    """Titles in parentheses, and titles without their article if it is foreign, all in the form to display.

    >>> alternatives("City of Lost Children, The (Cité des enfants perdus, La)")
    ['La Cité des enfants perdus', 'Cité des enfants perdus']
    """
    main, others = _split_alternatives(name)
    behind = (_split_article(title) for title in [main, *others])
    bare = [title for title, article in behind if article and article.lower() not in ENGLISH_ARTICLES]
    return [_article_in_front(other) for other in others] + bare


def _split_alternatives(name: str) -> tuple[str, list[str]]:
    found = []
    while match := _ALTERNATIVE.fullmatch(name):
        name, alternative = match.groups()
        found.append(alternative)
    return name, found


def _split_article(name: str) -> tuple[str, str]:
    before, _, last = name.rpartition(", ")
    return (before, last) if before and last.lower() in _ARTICLES else (name, "")


def _article_in_front(name: str) -> str:
    bare, article = _split_article(name)
    gap = "" if not article or article.endswith("'") else " "
    return f"{article}{gap}{bare}"
