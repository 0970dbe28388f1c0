"""Movies are found by titles as people write them."""

import contextlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stages.core.cli import UserError
from stages.recommender.title_search import Titles

CATALOGUE = [  # title, year, ratings
    ("Toy Story", 1995, 215),
    ("Sabrina", 1995, 54),
    ("Sabrina", 1954, 30),
    ("City of Lost Children, The (Cité des enfants perdus, La)", 1995, 38),
    ("Seven (a.k.a. Se7en)", 1995, 203),
    ("Star Wars: Episode IV - A New Hope", 1977, 251),
    ("Star Wars: Episode V - The Empire Strikes Back", 1980, 211),
    ("Star Wars: Episode VI - Return of the Jedi", 1983, 196),
    ("Star Wars: The Clone Wars", 2008, 7),
    ("Blade Runner", 1982, 124),
    ("Blade Runner 2049", 2017, 18),
    ("Terminator, The", 1984, 131),
    ("Terminator 2: Judgment Day", 1991, 224),
    ("Terminator 3: Rise of the Machines", 2003, 45),
    ("Godfather, The", 1972, 192),
    ("Godfather: Part II, The", 1974, 129),
    ("Godfather: Part III, The", 1990, 45),
    ("2001: A Space Odyssey", 1968, 109),
    ("1984 (Nineteen Eighty-Four)", 1984, 14),
    ("Alien", 1979, 146),
    ("Aliens", 1986, 126),
    ("Alien³ (a.k.a. Alien 3)", 1992, 47),
    ("Rocky", 1976, 64),
    ("Rocky II", 1979, 26),
    ("Rocky III", 1982, 24),
    ("Hamlet", 1948, 2),
    ("Hamlet", 1964, 1),
    ("Hamlet", 1990, 5),
    ("Hamlet", 1996, 16),
    ("Hamlet", 2000, 3),
    ("Hamlet 2", 2008, 1),
    ("Matrix, The", 1999, 278),
    ("Matrix Reloaded, The", 2003, 96),
    ("Lord of the Rings, The", 1978, 15),
    ("Lord of the Rings: The Fellowship of the Ring, The", 2001, 198),
    ("Lord of the Rings: The Two Towers, The", 2002, 188),
    ("Harry Potter and the Sorcerer's Stone (a.k.a. Harry Potter and the Philosopher's Stone)", 2001, 107),
    ("Harry Potter and the Chamber of Secrets", 2002, 102),
    ("Harry Potter and the Prisoner of Azkaban", 2004, 93),
    ("Good, the Bad and the Ugly, The (Buono, il brutto, il cattivo, Il)", 1966, 83),
    ("Léon: The Professional (a.k.a. The Professional) (Léon)", 1994, 133),
    ("Professional, The (Le professionnel)", 1981, 19),
    ("Ocean's Eleven (a.k.a. Ocean's 11)", 1960, 11),
    ("Ocean's Eleven", 2001, 119),
    ("Help!", 1965, 7),
    ("Help, The", 2011, 21),
    ("Thing, The", 1982, 60),
    ("Thing, The", 2011, 2),
    ("Misérables, Les", 2012, 20),
    ("Avventura, L' (Adventure, The)", 1960, 5),
    ("Boot, Das (Boat, The)", 1981, 51),
    ("Amelie (Fabuleux destin d'Amélie Poulain, Le)", 2001, 120),
    ("Dr. Strangelove or: How I Learned to Stop Worrying and Love the Bomb", 1964, 97),
    ("Birdman: Or (The Unexpected Virtue of Ignorance)", 2014, 26),
    ("Spider-Man 2", 2004, 79),
    ("WALL·E", 2008, 104),
    ("Lilo & Stitch", 2002, 39),
    ("(500) Days of Summer", 2009, 45),
    ("8 1/2 (8½)", 1963, 17),
    ("M*A*S*H", 1970, 47),
    ("Kill Bill: Vol. 2", 2004, 110),
    ("Shawshank Redemption, The", 1994, 317),
    ("Eternal Sunshine of the Spotless Mind", 2004, 131),
    ("Batman Beyond: Return of the Joker", 2000, 3),
    ("Agora", 2009, 2),
    ("Emma", 1996, 30),
    ("Emma", 1996, 1),
    ("Moonlight", None, 5),
    ("Inglourious Basterds", 2009, 88),
]
TITLES = Titles(*zip(*CATALOGUE, strict=True))
WITH_YEAR = [movie for movie, (_, year, _) in enumerate(CATALOGUE) if year]
ARTICLES = ("The", "Les", "Das")


def found(text: str) -> str:
    return TITLES.spoken(TITLES.find(text))


def refusal(text: str) -> str:
    with pytest.raises(UserError) as error:
        TITLES.find(text)
    return str(error.value)


@pytest.mark.parametrize(
    ("text", "movie"),
    [
        # case, accents, punctuation, articles
        ("The Matrix", "The Matrix (1999)"),
        ("Matrix, The (1999)", "The Matrix (1999)"),
        ("matrix", "The Matrix (1999)"),
        ("  MATRIX ,  the ", "The Matrix (1999)"),
        ("“The Matrix (1999)”", "The Matrix (1999)"),
        ("les miserables", "Les Misérables (2012)"),
        ("Miserables", "Les Misérables (2012)"),
        ("boot, das", "Das Boot (1981)"),
        ("L’Avventura", "L'Avventura (1960)"),
        ("avventura", "L'Avventura (1960)"),
        ("good the bad & the ugly", "The Good, the Bad and the Ugly (1966)"),
        ("lilo and stitch", "Lilo & Stitch (2002)"),
        ("Spiderman 2", "Spider-Man 2 (2004)"),
        ("spider man 2", "Spider-Man 2 (2004)"),
        ("Wall-E", "WALL·E (2008)"),
        ("mash", "M*A*S*H (1970)"),
        ("500 days of summer", "(500) Days of Summer (2009)"),
        ("8½", "8 1/2 (1963)"),
        ("Help", "Help! (1965)"),
        ("The Help", "The Help (2011)"),
        ("a\tspace\nodyssey", "2001: A Space Odyssey (1968)"),
        # alternative titles
        ("Se7en", "Seven (1995)"),
        ("Cité des enfants perdus", "The City of Lost Children (1995)"),
        ("la cite des enfants perdus", "The City of Lost Children (1995)"),
        ("Leon", "Léon: The Professional (1994)"),
        ("Philosopher's Stone", "Harry Potter and the Sorcerer's Stone (2001)"),
        ("Birdman or (The Unexpected Virtue of Ignorance)", "Birdman: Or (2014)"),
        ("Le fabuleux destin d'Amelie Poulain", "Amelie (2001)"),
        # years
        ("the matrix 1999", "The Matrix (1999)"),
        ("Matrix, 1999", "The Matrix (1999)"),
        ("The Matrix (1998)", "The Matrix (1999)"),
        ("2001: A Space Odyssey", "2001: A Space Odyssey (1968)"),
        ("2001", "2001: A Space Odyssey (1968)"),
        ("1984", "1984 (1984)"),
        ("Blade Runner 2049", "Blade Runner 2049 (2017)"),
        ("Blade Runner 1982", "Blade Runner (1982)"),
        ("Bladde Runner 2049", "Blade Runner 2049 (2017)"),
        ("Hamlet 1990", "Hamlet (1990)"),
        ("Hamlet (1999)", "Hamlet (2000)"),
        ("Sabrina (1954)", "Sabrina (1954)"),
        ("The Professional (1981)", "The Professional (1981)"),
        ("The Professional (1994)", "Léon: The Professional (1994)"),
        ("Lord of the Rings (2001)", "The Lord of the Rings: The Fellowship of the Ring (2001)"),
        ("Star Wars (2008)", "Star Wars: The Clone Wars (2008)"),
        ("Moonlight (2016)", "Moonlight"),
        # numerals
        ("Rocky 2", "Rocky II (1979)"),
        ("rocky iii", "Rocky III (1982)"),
        ("Alien 3", "Alien³ (1992)"),
        ("Godfather 2", "The Godfather: Part II (1974)"),
        ("The Godfather Part Three", "The Godfather: Part III (1990)"),
        ("Star Wars 5", "Star Wars: Episode V - The Empire Strikes Back (1980)"),
        ("kill bill 2", "Kill Bill: Vol. 2 (2004)"),
        ("Ocean's 11", "Ocean's Eleven (2001)"),
        # parts of a title, and words from one
        ("Terminator", "The Terminator (1984)"),
        ("Terminator 2", "Terminator 2: Judgment Day (1991)"),
        ("Fellowship of the Ring", "The Lord of the Rings: The Fellowship of the Ring (2001)"),
        ("The Lord of the Rings", "The Lord of the Rings (1978)"),
        ("Star Wars", "Star Wars: Episode IV - A New Hope (1977)"),
        ("The Empire Strikes Back", "Star Wars: Episode V - The Empire Strikes Back (1980)"),
        ("Doctor Strangelove", "Dr. Strangelove or: How I Learned to Stop Worrying and Love the Bomb (1964)"),
        ("eternal sunshine", "Eternal Sunshine of the Spotless Mind (2004)"),
        ("chamber of secrets", "Harry Potter and the Chamber of Secrets (2002)"),
        ("harry potter azkaban", "Harry Potter and the Prisoner of Azkaban (2004)"),
        ("Shawshank", "The Shawshank Redemption (1994)"),
        # typos
        ("Termnator 2", "Terminator 2: Judgment Day (1991)"),
        ("Inglorious Basterds", "Inglourious Basterds (2009)"),
        ("Harry Poter and Chamber of Secrets", "Harry Potter and the Chamber of Secrets (2002)"),
        ("allien", "Alien (1979)"),
        ("Toy Stroy", "Toy Story (1995)"),
        # one far better known, or the same movie twice
        ("The Thing", "The Thing (1982)"),
        ("Emma", "Emma (1996)"),
    ],
)  # fmt: skip
def test_a_movie_is_found_as_people_write_it(text: str, movie: str) -> None:
    assert found(text) == movie


@pytest.mark.parametrize("text", ["", "  ", '""', "\0"])
def test_an_empty_title_is_refused(text: str) -> None:
    assert refusal(text) == 'a title is empty; give one such as "The Matrix (1999)"'


def test_movies_of_the_same_title_are_listed_best_known_first() -> None:
    assert refusal("hamlet") == (
        '"hamlet" could be any of Hamlet (1996), Hamlet (1990), Hamlet (2000), Hamlet (1948), Hamlet (1964);'
        " add the year, or give one of these in full"
    )
    assert refusal("Sabrina").startswith('"Sabrina" could be any of Sabrina (1995), Sabrina (1954); ')
    listed = "Léon: The Professional (1994), The Professional (1981)"
    assert refusal("The Professional").startswith(f'"The Professional" could be any of {listed}; ')


def test_no_more_than_eight_candidates_are_listed() -> None:
    titles = Titles([f"Carry On {name}" for name in "ABCDEFGHIJ"], [1960] * 10, [3] * 10)
    with pytest.raises(UserError, match=r"Carry On H \(1960\) and 2 more; add the year"):
        titles.find("carry on")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("The Matrix (1985)", 'no movie called "The Matrix" is from 1985; there is The Matrix (1999)'),
        ("Blade Runner 1999", 'no movie called "Blade Runner" is from 1999; there is Blade Runner (1982)'),
        (
            "Thing, The (1951)",
            'no movie called "The Thing" is from 1951; there is The Thing (1982), The Thing (2011)',
        ),
        (
            "Termnator 2 (2020)",
            'no movie called "Termnator 2" is from 2020; there is Terminator 2: Judgment Day',
        ),
    ],
)
def test_a_wrong_year_is_not_passed_over(text: str, message: str) -> None:
    assert refusal(text).startswith(message)


@pytest.mark.parametrize(
    ("text", "nearest"),
    [
        ("Joker", "Batman Beyond: Return of the Joker (2000)"),
        ("Anora", "Agora (2009)"),
        ("Rocky 7", "Rocky (1976)"),
        ("Alien 5", "Alien (1979)"),
        ("harry poter azkaban", "Harry Potter and the Prisoner of Azkaban (2004)"),
    ],
)
def test_what_is_only_near_is_named_but_not_taken(text: str, nearest: str) -> None:
    assert refusal(text).startswith(f'no movie is called "{text}"; the nearest are: {nearest}, ')


def test_nonsense_is_refused_with_few_suggestions() -> None:
    message = refusal("Xyzzy")
    assert message.startswith('no movie is called "Xyzzy"; the nearest are: ')
    assert message.count("(") <= 4


@pytest.mark.parametrize("text", ["!!!", "the", "of the", "中文", "(1999)", "&", "a - b: c"])
def test_texts_without_a_telling_word_are_refused(text: str) -> None:
    assert refusal(text).startswith(f'no movie is called "{text}"')


def test_titles_without_letters_or_in_another_script_are_found() -> None:
    titles = Titles(["$", "???", "Зеркало", "10", "Ten"], [1971, 2011, 1975, 1979, None], [1, 1, 1, 9, 1])
    assert [titles.find(text) for text in ["$ (1971)", "???", "ЗЕРКАЛО", "10", "Ten"]] == [0, 1, 2, 3, 4]


def test_an_empty_catalogue_finds_nothing() -> None:
    with pytest.raises(UserError, match='no movie is called "The Matrix"'):
        Titles([], [], []).find("The Matrix")


def test_lists_of_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="2 titles, 1 years, 2 counts of ratings"):
        Titles(["Heat", "Fargo"], [1995], [3, 4])


def moved(title: str) -> str:
    """The title with its article in front."""
    for article in ARTICLES:
        title = f"{article} {title.removesuffix(f', {article}')}" if title.endswith(f", {article}") else title
    return title


@given(
    movie=st.sampled_from(WITH_YEAR),
    change=st.sampled_from([str, str.lower, str.upper, str.title, str.swapcase]),
    arrange=st.sampled_from([str, moved]),
    year=st.sampled_from([" ({})", " {}", ", {}", "({})"]),
)
def test_every_title_with_its_year_finds_itself(
    movie: int, change: Callable[[str], str], arrange: Callable[[str], str], year: str
) -> None:
    title, released, _ = CATALOGUE[movie]
    text = change(arrange(title)) + year.format(released)
    assert found(text) == TITLES.spoken(movie)


@given(st.text())
def test_any_text_is_either_found_or_refused(text: str) -> None:
    with contextlib.suppress(UserError):
        assert 0 <= TITLES.find(text) < len(CATALOGUE)
