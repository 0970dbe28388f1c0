"""explorer: one page, safe with any title, that recommends as the terminal does, by mouse, keys and touch."""

import itertools
import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from axe_playwright_python.sync_playwright import Axe
from matplotlib.transforms import Bbox
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from stages.page import encoding, explorer
from stages.plotting.charts import COLOURS
from stages.ranking.score import fit_new
from stages.recommender import film_list
from stages.recommender.artifacts import Artifacts
from stages.recommender.profile import NOW, UserProfile
from stages.recommender.ranking import recommend
from tests.conftest import make_ratings
from tests.factorization.test_model import make_model
from tests.plotting.builders import HOSTILE, contrast, small_clusters, small_movies, small_page

CHROMIUM = next(filter(None, map(shutil.which, ["chromium", "chromium-browser", "google-chrome"])), None)
DESKTOP = {"viewport": {"width": 1300, "height": 850}}
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
DARK = {"color_scheme": "dark"}


@pytest.fixture(scope="module")
def content(artifacts: Artifacts) -> str:
    table = small_movies(artifacts)
    return small_page(artifacts, table, small_clusters(table))


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


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("needs Chromium on the PATH")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


Visit = Callable[..., Page]


@pytest.fixture
def visit(browser: Browser, tmp_path: Path, content: str) -> Iterator[Visit]:
    """Opens the page; fails at the end if anything else was requested, or if the console has messages."""
    path = tmp_path / "explorer.html"
    path.write_text(content, encoding="utf-8")
    seen: list[str] = []

    def go(fragment: str = "", page: str | None = None, **options: Any) -> Page:
        if page:
            path.write_text(page, encoding="utf-8")
        opened = browser.new_context(reduced_motion="reduce", **{**DESKTOP, **options}).new_page()
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


def find(page: Page, text: str) -> Locator:
    """The films that a search suggests."""
    page.get_by_role("combobox", name="Find a film").fill(text)
    return page.locator("#found").get_by_role("option")


def stars(page: Page, title: str) -> Locator:
    """The first slider with a person's stars for a film."""
    return page.get_by_role("slider", name=re.compile(f"Your stars for {re.escape(title)}")).first


def recommended(page: Page) -> list[str]:
    return page.locator("#recommendations .name").all_inner_texts()


def dot(page: Page, movie_id: int) -> tuple[float, float]:
    at = page.evaluate("id => explorer.screen(id)", movie_id)
    return at["x"], at["y"]


def view(page: Page) -> Any:
    return page.evaluate("explorer.view()")


def selected(page: Page) -> Locator:
    """The title of the selected movie."""
    return page.locator("#detail h2")


def movie_id(movie: int) -> int:
    return movie * 10 + 7


def test_films_are_rated_by_keys_alone_and_recommendations_follow(visit: Visit) -> None:
    page = visit()
    assert len(recommended(page)) == 10
    page.keyboard.press("/")
    for text in ("alpha rising", "gamma risng"):
        page.keyboard.type(text)
        page.keyboard.press("Enter")
        for _ in range(9):
            page.keyboard.press("ArrowRight")
        page.keyboard.press("/")
    expect(stars(page, "Gamma Rising")).to_have_attribute("aria-valuetext", "4.5 of 5 stars")
    names = recommended(page)
    assert sum("Rising" in name for name in names) > 5
    assert not any("Alpha Rising" in name for name in names)
    expect(page.locator(".reasons").first).to_contain_text("because you liked")


def test_stars_are_given_by_half_with_a_click_and_taken_back(visit: Visit) -> None:
    page = visit()
    slider = stars(page, "Toy Story")
    box = slider.bounding_box()
    assert box
    for share, value in ((0.65, "3.5"), (0.99, "5"), (0.01, "0.5")):
        page.mouse.click(box["x"] + share * box["width"], box["y"] + box["height"] / 2)
        expect(slider).to_have_attribute("aria-valuetext", f"{value} of 5 stars")
    slider.press("ArrowLeft")
    expect(slider).to_have_attribute("aria-valuetext", "not rated")
    expect(page.locator("#yours li")).to_have_count(0)


def test_ratings_survive_a_reload_and_are_cleared_and_brought_back(visit: Visit) -> None:
    page = visit()
    stars(page, "Toy Story").press("End")
    page.reload()
    expect(page.locator("#yours")).to_contain_text("Toy Story")
    page.get_by_role("button", name="Clear").click()
    expect(page.locator("#yours li")).to_have_count(0)
    page.get_by_role("button", name="Undo clear").click()
    expect(page.locator("#yours")).to_contain_text("Toy Story")
    page.evaluate("Object.defineProperty(window, 'localStorage', {get() { throw new Error('forbidden'); }})")
    stars(page, "Heat").press("End")
    expect(page.locator("#yours-note")).to_contain_text("does not let the page keep them")


UGLY = '"The Good, the Bad and the ""Ugly"""'
IMDB = f"Const,Your Rating,Title,Year\ntt1,10,Toy Story,1995\ntt2,4,Heat,1995\ntt3,9,{UGLY},1966\n"
LETTERBOXD = f"Name;Year;Rating\r\n{UGLY};1966;4,5\r\nToy Story;1995;5\r\nHeat;1995;2\r\n"


@pytest.mark.parametrize("table", [IMDB, LETTERBOXD], ids=["IMDb", "Letterboxd"])
def test_lists_are_read_and_exported(visit: Visit, artifacts: Artifacts, tmp_path: Path, table: str) -> None:
    page, file = visit(), tmp_path / "films.csv"
    file.write_text(table, encoding="utf-8", newline="")
    page.locator("#file").set_input_files(file)
    expect(page.locator("#import-note")).to_have_text("3 of 3 films were found.")
    for title, given in (("Toy Story", "5"), ("Heat", "2"), ("The Good", "4.5")):
        expect(stars(page, title)).to_have_attribute("aria-valuetext", f"{given} of 5 stars")
    with page.expect_download() as download:
        page.get_by_role("button", name="Export").click()
    exported = tmp_path / "exported.csv"
    download.value.save_as(exported)
    films = {artifacts.titles.find(title): given for title, given in film_list.read(exported)}
    assert films == {0: 5, 1: 2, 3: 4.5}


def test_a_wrong_file_is_explained(visit: Visit, tmp_path: Path) -> None:
    page, file = visit(), tmp_path / "films.csv"
    wrong = {"a,b\n1,2\n": "column", "title,rating\nHeat,9\n": "9 stars", "title\nQwertyuiop\n": "0 of 1"}
    for text, message in wrong.items():
        file.write_text(text, encoding="utf-8")
        page.locator("#file").set_input_files(file)
        expect(page.locator("#import-note")).to_contain_text(message)


def test_filters_and_less_known_films_change_recommendations(visit: Visit) -> None:
    page = visit()
    before = recommended(page)
    page.get_by_label("Less known films").press("End")
    assert recommended(page) != before
    page.get_by_label("Genre").select_option("War")
    page.locator("#from").select_option("1980")
    names = recommended(page)
    assert names
    assert all("Falling" in name and int(name[-4:]) >= 1980 for name in names)
    page.locator("#from").select_option("1920")
    page.locator("#to").select_option("1929")
    expect(page.locator("#basis")).to_contain_text("No film passes")


def test_links_lead_out_only_where_ids_are_known(visit: Visit) -> None:
    page = visit(f"#movie={movie_id(1)}")
    links = page.locator("#detail a")
    expect(links.first).to_have_attribute("href", "https://www.imdb.com/title/tt0113277/")
    expect(links.last).to_have_attribute("href", "https://www.themoviedb.org/movie/949")
    page.goto(page.url.split("#")[0] + f"#movie={movie_id(0)}")
    expect(selected(page)).to_contain_text("Toy Story")
    expect(links).to_have_count(0)


def test_a_search_without_a_result_says_so(visit: Visit) -> None:
    page = visit()
    expect(find(page, "qwertyuiop")).to_have_count(0)
    expect(page.locator("#note")).to_have_text("No film here is called “qwertyuiop”.")
    expect(find(page, "hamlet (1990)").first).to_contain_text("1990")
    find(page, "hamlet (2050)")
    expect(page.locator("#note")).to_contain_text("The data ends in")


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
    page.mouse.move(*dot(page, movie_id(1)))
    for text in ("Heat (1995)", "Action, Crime", "ratings, mean", "3. Crime"):
        expect(page.get_by_role("tooltip")).to_contain_text(text)


def test_a_close_up_frames_half_of_the_nearest_movies(visit: Visit) -> None:
    zooms = []
    for movie in (2, 8, 14, 20):
        page = visit(f"#movie={movie_id(movie)}")
        zooms.append(view(page)["zoom"])
        canvas = page.locator("canvas").bounding_box()
        assert canvas
        frame = Bbox.from_bounds(*(canvas[each] for each in ("x", "y", "width", "height")))
        data = data_of(page.content())
        ids = pd.Series(data["movies"]["id"])
        on_map = ids[pd.Series(data["movies"]["x"]).notna()].tolist()
        near = ids[data["near"][on_map.index(movie_id(movie))]]
        assert sum(frame.contains(*dot(page, other)) for other in near) >= 5
    assert max(zooms) > 1


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
    page.keyboard.press("0")
    assert view(page) == whole
    page.keyboard.press("Enter")
    expect(selected(page)).to_be_visible()


def test_a_phone_is_tapped_and_pinched_and_nothing_is_too_small(visit: Visit) -> None:
    page = visit(**PHONE)
    controls = "[...document.querySelectorAll('button, select, input:not(#file)')]"
    is_small = "element => element.offsetParent && element.getBoundingClientRect().height < 40"
    for part in ("Rate", "Watch", "Map"):
        page.get_by_role("button", name=part, exact=True).tap()
        assert not page.evaluate(f"{controls}.some({is_small})")
        assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
    page.touchscreen.tap(*dot(page, movie_id(1)))
    expect(selected(page)).to_have_text("Heat (1995)")
    zoom, session = view(page)["zoom"], page.context.new_cdp_session(page)
    for kind, apart in (("touchStart", 40), ("touchMove", 60), ("touchMove", 80), ("touchEnd", 0)):
        points = [{"x": 195 + side * apart, "y": 350, "id": side + 1} for side in (-1, 1) if apart]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    assert view(page)["zoom"] == pytest.approx(2 * zoom, rel=0.01)


def test_texts_on_the_map_do_not_overlap(visit: Visit) -> None:
    for page in (visit(), visit(f"#movie={movie_id(1)}", **DARK), visit("#cluster=1", **PHONE)):
        page.wait_for_function("explorer.texts().length > 4")
        bounds = page.evaluate("explorer.texts().map(box => [box.left, box.top, box.width, box.height])")
        texts = [Bbox.from_bounds(*each) for each in bounds]
        assert not any(one.overlaps(other) for one, other in itertools.combinations(texts, 2))


def test_the_clusters_are_listed_without_javascript(visit: Visit) -> None:
    page = visit(java_script_enabled=False)
    page.locator("#cluster-0 summary").click()
    expect(page.get_by_role("link", name="Heat")).to_be_visible()
    expect(page.locator("#rate")).to_be_hidden()


@pytest.mark.parametrize("options", [{}, DARK, PHONE, PHONE | DARK])
def test_there_are_no_accessibility_violations(visit: Visit, options: dict[str, Any]) -> None:
    page = visit(**options)
    stars(page, "Toy Story").press("End")
    for part in ("rate", "watch", "map"):
        page.evaluate("part => document.querySelector(`[data-to=${part}]`).click()", part)
        found = Axe().run(page)
        assert not found.violations_count, found.generate_report()
    find(page, "hamlet")
    assert not Axe().run(page).violations_count


@pytest.mark.parametrize("options", [{}, DARK], ids=["light", "dark"])
def test_dots_have_a_contrast_of_three_to_one(visit: Visit, options: dict[str, Any]) -> None:
    page = visit(**options)
    paper = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    *of_clusters, _, _, _ = colours = page.evaluate("explorer.colours()")
    assert of_clusters == COLOURS[: len(of_clusters)]  # as in map.png
    for colour in [*colours, *COLOURS]:
        assert contrast(colour, paper) >= 3, colour


def test_a_page_without_clusters_recommends(visit: Visit, artifacts: Artifacts) -> None:
    table = small_movies(artifacts)
    page = visit(page=small_page(artifacts, table, small_clusters(table).iloc[:0]))
    stars(page, "Toy Story").press("End")
    assert len(recommended(page)) == 10
    page.get_by_role("button", name="Zoom in").click()


# ---- the same answers as in the terminal


def compare(
    page: Page, artifacts: Artifacts, people: list[list[tuple[int, float]]], adventurous: float = 0.0
) -> tuple[float, float, float]:
    """Mean overlap of the top 10, and mean absolute differences of the predicted stars and deviations."""
    ids, options = artifacts.movies["movie_id"], {"count": 10, "adventurous": adventurous}
    rows = pd.Series(ids.index, index=ids)[data_of(page.content())["movies"]["id"]].to_numpy()
    overlaps, stars, deviations = [], [], []
    for rated in people:
        profile = UserProfile(
            artifacts, stars=dict(rated), times={movie: NOW for movie, _ in rated}, seen=set(dict(rated))
        )
        candidates = torch.tensor([movie not in profile.seen for movie in ids.index])
        candidates &= torch.tensor(artifacts.movies["n_ratings"].to_numpy() >= int(10 * adventurous))
        expected = recommend([profile], candidates, 10, adventurous)
        given = [[int(ids[movie]), stars, 0] for movie, stars in rated]
        answer = page.evaluate("given => explorer.recommend(...given)", [given, options])
        wanted = {record["movie_id"]: record["deviation"][0] for record in expected}
        found = dict(zip(answer["ids"], answer["deviation"], strict=True))
        overlaps.append(len(wanted.keys() & found.keys()))
        stars.append(np.abs(profile.posterior().stars().numpy()[rows] - answer["stars"]).mean())
        deviations += [abs(wanted[each] - found[each]) for each in wanted.keys() & found.keys()]
    return float(np.mean(overlaps)), float(np.mean(stars)), float(np.mean(deviations))


def test_the_page_predicts_and_ranks_as_the_terminal_does(visit: Visit, solved: Artifacts) -> None:
    table = small_movies(solved)
    page, rng = visit(page=small_page(solved, table, small_clusters(table))), np.random.default_rng(1)
    chosen = [rng.choice(len(table), rng.integers(1, 12), replace=False).tolist() for _ in range(50)]
    people = [[(movie, float(rng.integers(1, 11) / 2)) for movie in movies] for movies in chosen]
    for adventurous in (0.0, 0.5, 1.0):
        overlap, difference, deviation = compare(page, solved, people, adventurous)
        assert overlap >= 9
        assert difference <= 0.05
        assert deviation <= 0.05
