"""explorer: one page, safe with any title, that recommends as the terminal does, by mouse, keys and touch."""

import itertools
import json
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from axe_playwright_python.sync_playwright import Axe
from matplotlib.transforms import Bbox
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect, sync_playwright

from stages.page import encoding, explorer
from stages.plotting.charts import COLOURS
from stages.ranking.score import fit_new
from stages.recommender import film_list
from stages.recommender.artifacts import Artifacts
from stages.recommender.profile import UserProfile
from stages.recommender.ranking import recommend
from tests.conftest import make_ratings
from tests.factorization.test_model import make_model
from tests.plotting.builders import HOSTILE, contrast, small_clusters, small_movies, small_page
from tests.recommender.builders import CLUSTERED, CLUSTERS

CHROMIUM = next(filter(None, map(shutil.which, ["chromium", "chromium-browser", "google-chrome"])), None)
DESKTOP = {"viewport": {"width": 1300, "height": 850}}
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
DARK = {"color_scheme": "dark"}
FORCED = {"forced_colors": "active"}
PROBE = Path(__file__).with_name("probe.js")
STORED = "movie-factors.films"


@pytest.fixture(scope="module")
def content(artifacts: Artifacts) -> str:
    table = small_movies(artifacts)
    return small_page(artifacts, table, small_clusters(table))


def movie_id(movie: int) -> int:
    return movie * 10 + 7


TOY_STORY, HEAT = movie_id(0), movie_id(1)
ALL = {"rated": {movie_id(movie): 4 for movie in range(20)}}


def data_of(page: str) -> Any:
    (found,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    return json.loads(found)


def test_the_page_has_the_movies_most_rated_first(artifacts: Artifacts, content: str) -> None:
    data, table = data_of(content), small_movies(artifacts)
    movies = data["movies"]
    assert movies["n"] == sorted(table["n_ratings"], reverse=True)
    row = movies["title"].index("Heat")
    assert (movies["imdb"][row], movies["tmdb"][row], movies["genres"][row]) == (113277, 949, "Action|Crime")
    on_map = [row for row, x in enumerate(movies["x"]) if x is not None]
    assert len(on_map) == len(data["near"]) == len(small_clusters(table)) - 1
    assert all(len(near) == 10 and set(near) <= set(on_map) for near in data["near"])


def test_no_title_and_no_label_can_break_out(content: str) -> None:
    assert content.count("</script") == explorer._read("explorer.html").count("</script")
    assert data_of(content)["label"] == HOSTILE
    assert HOSTILE not in content
    assert not re.search(
        r"<!--|<link[^>]*https?:|src=|@import|url\((?![\"']data:)|//[a-z]+[.](?!imdb|themoviedb|w3)", content
    )
    assert "default-src 'none'" in content


@pytest.mark.parametrize("factors", [1, 64])
def test_the_page_of_a_large_model_stays_small(factors: int) -> None:
    n_movies, rng = 7_000, np.random.default_rng(0)
    model = make_model(draws=6, n_movies=n_movies, factors=factors, features=64)
    rated = [(user, int(movie), 4.0) for user in range(60) for movie in rng.permutation(n_movies)[:400]]
    ratings = make_ratings(rated, 60, n_movies)
    rows = torch.arange(encoding.MAX_MOVIES)
    ranker = fit_new(ratings, torch.ones(n_movies, 1))
    encoded = encoding.encode_draws(model, rows), encoding.encode_ranker(ranker, rows, ["Drama"])
    assert len(json.dumps(encoded)) < 2_500_000


# ---- in Chromium


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("needs Chromium on the PATH")
    with chromium() as started:
        yield started


@contextmanager
def opened(content: str) -> Iterator[Page]:
    """A page whose script has `explorer`, in Chromium."""
    with chromium() as browser, TemporaryDirectory() as folder:
        path = Path(folder) / "explorer.html"
        path.write_text(probed(content), encoding="utf-8")
        page = browser.new_page()
        page.goto(path.as_uri())
        yield page


Visit = Callable[..., Page]


def probed(page: str) -> str:
    """The page with `explorer`, through which tests ask it."""
    script, end = page.rsplit("</script>", 1)
    return f"{script}{PROBE.read_text(encoding='utf-8')}</script>{end}"


@pytest.fixture
def visit(browser: Browser, tmp_path: Path, content: str) -> Iterator[Visit]:
    """Opens the page; fails at the end if anything else was requested, or if the console has messages."""
    path = tmp_path / "explorer.html"
    path.write_text(probed(content), encoding="utf-8")
    seen: list[str] = []

    def go(
        fragment: str = "",
        page: str = "",
        rated: dict[int, float] | None = None,
        context: BrowserContext | None = None,
        **options: Any,
    ) -> Page:
        if page:
            path.write_text(probed(page), encoding="utf-8")
        context = context or browser.new_context(reduced_motion="reduce", **{**DESKTOP, **options})
        if rated:
            rows = json.dumps([[str(movie_id), stars, 0] for movie_id, stars in rated.items()])
            context.add_init_script(f"localStorage.setItem('{STORED}', {json.dumps(rows)})")
        opened = context.new_page()
        opened.set_default_timeout(5_000)
        opened.on("request", lambda request: seen.append(request.url.split("#")[0]))
        opened.on("console", lambda message: seen.append(message.text))
        opened.on("pageerror", lambda error: seen.append(str(error)))
        opened.on("dialog", lambda dialog: seen.append(dialog.message))
        opened.goto(path.as_uri() + fragment)
        return opened

    yield go
    for context in browser.contexts:
        context.close()
    assert {url for url in seen if not url.startswith("blob:")} == {path.as_uri()}


def show(page: Page, view: str) -> None:
    """Changes to one of the views Rate, Watch and Map."""
    page.get_by_role("navigation").get_by_role("button", name=view).click()


def find(page: Page, text: str) -> Locator:
    """The films that a search suggests."""
    page.get_by_role("combobox", name="Find a film").fill(text)
    return page.locator("#found").get_by_role("option")


def name(page: Page, *titles: str) -> None:
    """Names films that somebody loves."""
    for title in titles:
        find(page, title).first.click()


def stars(page: Page, title: str) -> Locator:
    """The slider with a person's stars for a film."""
    return page.locator("#yours").get_by_role("slider", name=re.compile(f"Your stars for {re.escape(title)}"))


def expect_stars(page: Page, title: str, given: float) -> None:
    expect(stars(page, title)).to_have_attribute("aria-valuetext", f"{given:g} of 5 stars")


def upload(page: Page, file: Path, content: str) -> None:
    """Gives the page a list of films."""
    file.write_text(content, encoding="utf-8", newline="")
    page.locator("#file").set_input_files(file)


def recommended(page: Page) -> list[str]:
    return page.locator("#recommendations .name").all_text_contents()


def dot(page: Page, movie_id: int) -> tuple[float, float]:
    at = page.evaluate("id => explorer.screen(id)", movie_id)
    return at["x"], at["y"]


def view(page: Page) -> Any:
    return page.evaluate("explorer.view()")


def boxes(page: Page, of: str) -> list[Bbox]:
    bounds = page.evaluate(f"explorer.{of}().map(box => [box.left, box.top, box.width, box.height])")
    return [Bbox.from_bounds(*each).padded(-0.1) for each in bounds]


def selected(page: Page) -> Locator:
    """The title of the selected movie."""
    return page.locator("#detail h2")


def test_three_films_are_named_by_keys_alone_and_recommendations_follow(visit: Visit) -> None:
    page = visit()
    for key in ("Tab", "Enter"):  # skips to the films
        page.keyboard.press(key)
    expect(page.locator("#main")).to_be_focused()
    for text in ("alpha rising", "gamma risng", "beta rising"):
        page.keyboard.press("/")
        page.keyboard.type(text)
        page.keyboard.press("Enter")
        page.keyboard.press("ArrowRight")
    expect_stars(page, "Gamma Rising", 5)
    page.get_by_role("button", name="See what to watch").press("Enter")
    expect(page.locator("#main")).to_be_focused()
    names = recommended(page)
    assert sum("Rising" in name for name in names) > 5
    assert not any("Alpha Rising" in name for name in names)
    expect(page.locator("#recommendations .reasons").first).to_be_visible()


def test_the_first_films_are_of_many_years_and_languages(artifacts: Artifacts) -> None:
    table = small_movies(artifacts).iloc[:36].reset_index(drop=True)
    table["n_ratings"], table["year"] = range(36, 0, -1), [1940 + 2 * row for row in range(36)]
    table["title"] = [f"Film {row}" + (" (Un altro)" if row % 3 == 0 else "") for row in range(36)]
    first = table.iloc[explorer._starters(table)[:12]]
    assert list(first["year"]) == sorted(first["year"])
    assert first["year"].max() - first["year"].min() >= 55
    assert first["title"].str.contains("altro").sum() == 6
    assert len(set((first["year"] - 1940) // 12)) == 6


def test_a_film_is_loved_by_a_tap_and_taken_back_by_the_next(visit: Visit) -> None:
    page = visit()
    tile = page.locator(".tile").first
    tile.click()
    expect(tile).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#teaser")).to_be_visible()
    tile.click()
    expect(tile).to_have_attribute("aria-pressed", "false")
    expect(page.locator("#next")).to_be_hidden()
    page.get_by_role("button", name="Undo").click()
    expect(tile).to_have_attribute("aria-pressed", "true")


def test_stars_are_given_by_half_taken_back_by_the_same_star_and_keys_undone_together(visit: Visit) -> None:
    page = visit(**ALL)
    show(page, "Rate")
    slider = stars(page, "Toy Story")
    box = slider.bounding_box()
    assert box
    for share, given in ((0.65, 3.5), (0.99, 5), (0.01, 0.5)):
        slider.click(position={"x": share * box["width"], "y": box["height"] / 2})
        expect_stars(page, "Toy Story", given)
    slider.click(position={"x": 1, "y": box["height"] / 2})
    expect(slider).to_have_count(0)
    page.keyboard.press("Control+z")
    expect_stars(page, "Toy Story", 0.5)
    page.locator("#yours").get_by_role("button", name="Take back: Toy Story").click()
    expect(slider).to_have_count(0)
    for _ in range(3):
        stars(page, "Heat").press("ArrowLeft")
    expect_stars(page, "Heat", 2.5)
    page.keyboard.press("Control+z")
    expect_stars(page, "Heat", 4)


def test_a_recommendation_is_seen_or_not_for_me_and_brought_back(visit: Visit) -> None:
    page = visit()
    name(page, "alpha rising")
    show(page, "Watch")
    for act, kept in (("Not for me", 2), ("Seen it", None)):
        first = recommended(page)[0]
        button = page.locator("#recommendations").get_by_role("button", name=act).first
        button.press("Enter")
        assert first not in recommended(page)
        assert page.evaluate(f"JSON.parse(localStorage['{STORED}']).at(-1)[1]") == kept
        expect(button).to_be_focused()
        page.get_by_role("button", name="Undo").click()
        assert recommended(page)[0] == first
    button.click()
    page.locator("#toast").get_by_role("slider").press("End")
    assert page.evaluate(f"JSON.parse(localStorage['{STORED}']).at(-1)[1]") == 5


def test_the_focus_stays_in_the_strip_when_a_film_is_taken_back(visit: Visit) -> None:
    page = visit(**ALL)
    chips = page.locator("#chips").get_by_role("button", name="Take back")
    chips.nth(1).press("Enter")
    expect(chips).to_have_count(19)
    expect(chips.nth(1)).to_be_focused()


def test_ratings_survive_a_reload_and_are_cleared_and_brought_back(visit: Visit) -> None:
    page = visit()
    name(page, "toy story")
    page.reload()
    expect(page.locator("#chips")).to_contain_text("Toy Story")
    show(page, "Rate")
    page.get_by_role("button", name="Clear").click()
    expect(page.locator("#yours li")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#yours")).to_contain_text("Toy Story")
    page.evaluate("Object.defineProperty(window, 'localStorage', {get() { throw new Error('forbidden'); }})")
    name(page, "heat")
    expect(page.locator("#yours li")).to_have_count(2)
    expect(page.locator("#yours-note")).to_contain_text("does not let the page keep them")


def test_two_tabs_keep_the_ratings_of_both(visit: Visit) -> None:
    page = visit()
    other = visit(context=page.context)
    name(page, "toy story")
    name(other, "heat")
    for each in (page, other):
        show(each, "Rate")
        expect(each.locator("#yours li")).to_have_count(2)
    other.keyboard.press("Control+z")
    expect(page.locator("#yours li")).to_have_count(1)
    expect(page.locator("#yours")).to_contain_text("Toy Story")


def test_films_of_other_data_stay_stored(visit: Visit) -> None:
    page = visit(rated={999999: 4})
    name(page, "heat")
    assert page.evaluate(f"localStorage['{STORED}']") == f'[["{HEAT}",4.5],["999999",4,0]]'


def test_ratings_are_shared_by_a_link(visit: Visit) -> None:
    page = visit(**ALL)
    show(page, "Rate")
    page.get_by_role("button", name="Copy a link").click()
    link = page.locator("#import-note a").get_attribute("href")
    assert link
    other = visit("#" + link.split("#")[1] + ",424242-7", rated={HEAT: 2})
    expect(other.locator("#toast")).to_contain_text("Added from this link: 19 films")
    show(other, "Rate")
    expect(other.locator("#yours li")).to_have_count(20)
    expect_stars(other, "Heat", 2)
    expect_stars(other, "Toy Story", 4)
    assert "#" not in other.url


def test_ids_are_exact_and_a_page_without_clusters_recommends(visit: Visit, artifacts: Artifacts) -> None:
    table = small_movies(artifacts)
    table["movie_id"] += 2**63 - 10_000
    page = visit(page=small_page(artifacts, table, small_clusters(table).iloc[:0]))
    name(page, "toy story", "heat")
    page.reload()
    for title in ("Toy Story", "Heat"):
        expect(page.locator("#chips")).to_contain_text(title)
    expect(page.locator("#chips li")).to_have_count(2)
    assert len(recommended(page)) == 10
    show(page, "Map")
    page.get_by_role("button", name="Zoom in").click()


UGLY = '"The Good, the Bad and the ""Ugly"""'
IMDB = f"Const,Your Rating,Title,Year\ntt1,10,Toy Story,1995\ntt2,4,Heat,1995\ntt3,9,{UGLY},1966\n"
LETTERBOXD = f"Name;Year;Rating\r\n{UGLY};1966;4,5\r\nToy Story;1995;5\r\nHeat;1995;2\r\n"


@pytest.mark.parametrize("table", [IMDB, LETTERBOXD], ids=["IMDb", "Letterboxd"])
def test_lists_are_read_and_exported(visit: Visit, artifacts: Artifacts, tmp_path: Path, table: str) -> None:
    page = visit()
    upload(page, tmp_path / "films.csv", table)
    for title, given in (("Toy Story", 5), ("Heat", 2), ("The Good", 4.5)):
        expect_stars(page, title, given)
    with page.expect_download() as download:
        page.get_by_role("button", name="Export").click()
    exported = tmp_path / "exported.csv"
    download.value.save_as(exported)
    films = {artifacts.titles.find(title): given for title, given in film_list.read(exported)}
    assert films == {0: 5, 1: 2, 3: 4.5}


def test_a_list_is_dropped_or_pasted(visit: Visit) -> None:
    page = visit()
    for way, films in (("drop", 1), ("paste", 3)):
        page.evaluate("way => explorer.dropOrPaste(way)", way)
        expect(page.locator("#yours li")).to_have_count(films)
    expect(page.locator("#yours")).to_contain_text("Heat")


def test_wrong_files_and_many_unknown_titles_are_explained(visit: Visit, tmp_path: Path) -> None:
    page = visit()
    words = itertools.islice(itertools.product("qwxz", repeat=6), 2000)
    unknown = "\n".join(f"Unknown and imaginary film no. {''.join(word)}" for word in words)
    wrong = (
        ("a,b\n1,2\n", "column"),
        ("title,rating\nHeat,9\n", "Heat", "9", "0.5 to 5"),
        ("title,rating\nHeat,0\n", "Heat", "0", "0.5 to 5"),
        ("title,Your Rating\nHeat,x\n", "Heat", "x", "1 to 10"),
        ("title\nQwertyuiop\n", "0 of 1"),
        (f"title\n{unknown}", "0 of 2000"),
    )
    for number, (text, *parts) in enumerate(wrong):
        upload(page, tmp_path / f"{number}.csv", text)
        for part in parts:
            expect(page.locator("#import-note")).to_contain_text(part)


def test_filters_and_less_known_films_change_recommendations(visit: Visit) -> None:
    page = visit()
    show(page, "Watch")
    before = recommended(page)
    assert len(before) == 10
    page.get_by_label("Less known films").press("End")
    assert recommended(page) != before
    page.get_by_label("Genre").select_option("War")
    page.locator("#from").select_option("1980")
    names = recommended(page)
    assert names
    assert all("Falling" in name and int(name[-4:]) >= 1980 for name in names)
    page.reload()
    show(page, "Watch")
    assert recommended(page) == names
    page.locator("#from").select_option("1920")
    page.locator("#to").select_option("1929")
    expect(page.locator("#basis")).to_contain_text("No film passes")


def test_long_titles_are_cut_after_two_lines(visit: Visit, artifacts: Artifacts) -> None:
    table = small_movies(artifacts)
    table["title"] = table["title"].mask(table["title"] != "Heat", table["title"] + " and so on" * 30)
    long_titles = small_page(artifacts, table, small_clusters(table))
    for options in (DESKTOP, PHONE):
        page = visit(page=long_titles, **ALL, **options)
        for part, text in (("Rate", ".tile .clamp"), ("Watch", "#recommendations .clamp")):
            show(page, part)
            assert page.evaluate("selector => explorer.lines(selector)", text) < 2.3


def test_links_lead_out_only_where_ids_are_known(visit: Visit) -> None:
    page = visit(f"#movie={HEAT}")
    links = page.locator("#detail a")
    expect(links.first).to_have_attribute("href", "https://www.imdb.com/title/tt0113277/")
    expect(links.last).to_have_attribute("href", "https://www.themoviedb.org/movie/949")
    page.goto(page.url.split("#")[0] + f"#movie={TOY_STORY}")
    expect(selected(page)).to_contain_text("Toy Story")
    expect(links).to_have_count(0)


def test_details_open_beside_the_list_and_give_the_focus_back(visit: Visit) -> None:
    page = visit(**ALL)
    first = page.locator("#recommendations .name").first
    first.press("Enter")
    expect(selected(page)).to_be_focused()
    expect(page.locator("#prediction")).to_contain_text("expected from you")
    page.get_by_role("button", name="Close").press("Enter")
    expect(selected(page)).to_be_hidden()
    expect(first).to_be_focused()


def test_titles_are_found_as_movielens_writes_them_and_others_are_named(visit: Visit) -> None:
    page = visit()
    for text in ("Heat", "Heat (1995)", "heat 1995", "Good, the Bad and the Ugly, The"):
        assert page.evaluate("text => explorer.find(text)", text).startswith(("Heat", "The Good"))
    expect(find(page, "qwertyuiop")).to_have_count(0)
    expect(page.locator("#note")).to_contain_text("qwertyuiop")
    expect(find(page, "hamlet (1990)").first).to_contain_text("1990")
    find(page, "hamlet (2050)")
    expect(page.locator("#note")).to_contain_text("2000")  # in which the data ends


def test_a_movie_leads_to_its_nearest_movies_and_escape_goes_back(visit: Visit) -> None:
    page = visit(f"#movie={movie_id(8)}")
    near = page.locator("#detail ol button")
    expect(near).to_have_count(10)
    first = selected(page).inner_text()
    near.first.click()
    expect(selected(page)).not_to_have_text(first)
    page.keyboard.press("Escape")
    expect(selected(page)).to_have_text(first)
    page.keyboard.press("Escape")
    expect(selected(page)).to_be_hidden()
    page.mouse.move(*dot(page, HEAT))
    for text in ("Heat (1995)", "Action, Crime", "ratings, mean", "3. Crime"):
        expect(page.get_by_role("tooltip")).to_contain_text(text)


def test_a_film_of_the_list_is_shown_on_the_map_and_the_other_way_round(visit: Visit) -> None:
    page = visit(rated={TOY_STORY: 5})
    page.locator("#recommendations .name").first.click()
    page.get_by_role("button", name="Show on the map").click()
    expect(page.locator("canvas")).to_be_visible()
    page.keyboard.press("Escape")
    listed = page.locator("#marked li")
    listed.first.hover()
    title = listed.first.locator("span").nth(1).inner_text()
    expect(page.get_by_role("tooltip")).to_contain_text(title)
    expect(listed.first).to_have_class("lit")
    page.mouse.move(*dot(page, page.evaluate("document.querySelectorAll('#marked li')[2].movie.id")))
    expect(listed.nth(2)).to_have_class("lit")


def test_a_cluster_shows_its_movies_and_is_closed_again(visit: Visit) -> None:
    page = visit("#cluster=0")
    page.get_by_role("link", name="Heat").click()
    expect(selected(page)).to_have_text("Heat (1995)")
    page.go_back()
    cluster = page.locator("#cluster-0")
    expect(cluster).to_have_attribute("open", "")
    cluster.locator("summary").click()
    expect(cluster).not_to_have_attribute("open", "")
    assert "#" not in page.url


def test_the_map_is_zoomed_and_moved_by_mouse_and_keys(visit: Visit) -> None:
    page = visit("#movie=8")  # there is no such movie
    whole, (x, y) = view(page), dot(page, movie_id(10))
    page.mouse.move(x, y)
    page.mouse.wheel(0, -300)
    page.wait_for_function("explorer.view().zoom > 1.5")
    assert dot(page, movie_id(10)) == pytest.approx((x, y), abs=0.5)
    page.mouse.down()
    page.mouse.move(x + 50, y + 40, steps=3)
    page.mouse.up()
    assert dot(page, movie_id(10)) == pytest.approx((x + 50, y + 40), abs=0.5)
    page.locator("canvas").focus()
    for key, axis in (("ArrowRight", "x"), ("ArrowUp", "y"), ("+", "zoom")):
        before = view(page)[axis]
        page.keyboard.press(key)
        assert view(page)[axis] > before
    for _ in range(12):
        page.keyboard.press("+")
    assert view(page)["zoom"] == 15
    page.keyboard.press("0")
    assert view(page) == whole
    page.keyboard.press("Enter")
    expect(selected(page)).to_be_visible()


def test_a_phone_is_tapped_and_pinched_and_nothing_is_too_small(visit: Visit) -> None:
    page = visit(**PHONE)
    page.locator(".tile").first.tap()
    for width in (390, 320):
        page.set_viewport_size({"width": width, "height": 844})
        for part in ("Rate", "Watch", "Map"):
            show(page, part)
            assert page.evaluate("explorer.lowestControl()") >= 40
            assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
    page.touchscreen.tap(*dot(page, HEAT))
    expect(selected(page)).to_have_text("Heat (1995)")
    page.get_by_role("button", name="Close").tap()
    zoom, session = view(page)["zoom"], page.context.new_cdp_session(page)
    for kind, apart in (("touchStart", 40), ("touchMove", 60), ("touchMove", 80), ("touchEnd", 0)):
        points = [{"x": 160 + side * apart, "y": 350, "id": side + 1} for side in (-1, 1) if apart]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    assert view(page)["zoom"] == pytest.approx(2 * zoom, rel=0.01)


@pytest.mark.parametrize("options", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_texts_on_the_map_cover_nothing_and_name_every_cluster(visit: Visit, options: Any) -> None:
    for fragment in (f"#movie={HEAT}", "#cluster=1", ""):
        page = visit(fragment, rated={TOY_STORY: 5, movie_id(6): 4}, **options)
        show(page, "Map")
        page.evaluate("explorer.drawn()")
        assert not any(one.overlaps(other) for one, other in itertools.combinations(boxes(page, "texts"), 2))
        assert page.evaluate("explorer.coveredDots()") <= 0.05
        assert len(boxes(page, "badges")) > 5  # also while a film is selected
        circles = [((box.p0 + box.p1) / 2, box.width / 2) for box in boxes(page, "badges")]
        for (one, r), (other, s) in itertools.combinations(circles, 2):
            assert np.hypot(*(one - other)) >= r + s
    named = {f"{cluster}. {CLUSTERS[cluster]}" for cluster in CLUSTERED.values()}
    assert sorted(page.evaluate("explorer.names()")) == sorted(named)


def test_the_clusters_are_listed_without_javascript(visit: Visit) -> None:
    page = visit(java_script_enabled=False)
    page.locator("#key summary").first.click()
    page.locator("#cluster-0 summary").click()
    expect(page.get_by_role("link", name="Heat")).to_be_visible()
    expect(page.locator("#rate")).to_be_hidden()


@pytest.mark.parametrize("options", [{}, DARK, PHONE], ids=["desktop", "dark", "phone"])
def test_there_are_no_accessibility_violations(visit: Visit, options: dict[str, Any]) -> None:
    page = visit(**options)
    page.locator(".tile").first.click()
    for part in ("Rate", "Watch", "Map"):
        show(page, part)
        if part == "Map":
            find(page, "hamlet").first.click()
        found = Axe().run(page)
        assert not found.violations_count, found.generate_report()


@pytest.mark.parametrize("options", [{}, DARK], ids=["light", "dark"])
def test_dots_and_stars_have_a_contrast_of_three_to_one(visit: Visit, options: dict[str, Any]) -> None:
    page, forced = visit(**options), visit(**ALL, **FORCED, **options)
    show(forced, "Rate")
    of_stars = forced.locator("#yours .stars").first.evaluate(
        "element => ['::before', '::after'].map(part => getComputedStyle(element, part).backgroundColor)"
    )
    *of_clusters, _, _, _ = of_dots = page.evaluate("explorer.colours()")
    assert of_clusters == COLOURS[: len(of_clusters)]  # as in map.png
    for shown, colours in ((page, [*of_dots, *COLOURS]), (forced, of_stars)):
        paper = shown.evaluate("getComputedStyle(document.documentElement).backgroundColor")
        assert all(contrast(colour, paper) >= 3 for colour in colours), colours


def test_the_list_is_printed(visit: Visit) -> None:
    page = visit(**ALL)
    show(page, "Map")
    page.emulate_media(media="print")
    expect(page.locator("#recommendations .name").first).to_be_visible()
    for part in ("header", "#filters", "#map", "#side", "#foot", ".acts >> nth=0"):
        expect(page.locator(part)).to_be_hidden()


# ---- the same answers as in the terminal


def compare(
    page: Page, artifacts: Artifacts, people: list[list[tuple[int, float]]], adventurous: float = 0.0
) -> tuple[float, float, float]:
    """Mean overlap of the top 10, and mean absolute differences of the predicted stars and deviations."""
    ids, options = artifacts.movies["movie_id"], {"count": 10, "adventurous": adventurous}
    rows = pd.Series(ids.index, index=ids.astype(str))[data_of(page.content())["movies"]["id"]].to_numpy()
    overlaps, stars, deviations = [], [], []
    for rated in people:
        profile = UserProfile(artifacts, stars=dict(rated), seen=set(dict(rated)))
        candidates = torch.tensor([movie not in profile.seen for movie in ids.index])
        candidates &= torch.tensor(artifacts.movies["n_ratings"].to_numpy() >= int(10 * adventurous))
        expected = recommend([profile], candidates, 10, adventurous)
        given = [[int(ids[movie]), stars] for movie, stars in rated]
        answer = page.evaluate("given => explorer.recommend(...given)", [given, options])
        pairs = zip(ids[expected.index], expected["deviation"], strict=True)
        wanted = {each: deviation[0] for each, deviation in pairs}
        found = dict(zip(answer["ids"], answer["deviation"], strict=True))
        overlaps.append(len(wanted.keys() & found.keys()))
        stars.append(np.abs(profile.posterior().stars().numpy()[rows] - answer["stars"]).mean())
        deviations += [abs(wanted[each] - found[each]) for each in wanted.keys() & found.keys()]
    return float(np.mean(overlaps)), float(np.mean(stars)), float(np.mean(deviations))


def test_the_page_predicts_and_ranks_as_the_terminal_does(visit: Visit, solved: Artifacts) -> None:
    table = small_movies(solved)
    page, rng = visit(page=small_page(solved, table, small_clusters(table))), np.random.default_rng(1)
    chosen = [rng.choice(len(table), rng.integers(1, 12), replace=False).tolist() for _ in range(20)]
    people = [[(movie, float(rng.integers(1, 11) / 2)) for movie in movies] for movies in chosen]
    for adventurous in (0.0, 0.5, 1.0):
        overlap, difference, deviation = compare(page, solved, people, adventurous)
        assert overlap >= 9
        assert difference <= 0.05
        assert deviation <= 0.05
