"""explorer: one page, safe with any title, to be searched and walked through by mouse, keys and touch."""

import itertools
import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect, sync_playwright

from stages.movielens.movies import read_movies
from stages.plotting import explorer
from stages.plotting.charts import COLOURS

CHROMIUM = next(filter(None, map(shutil.which, ["chromium", "chromium-browser", "google-chrome"])), None)
HOSTILE = "</script><script>alert(1)</script><!-- <b>{{data}}"
AMELIE = "Amélie (Fabuleux destin d'Amélie Poulain, Le)"
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
Visit = Callable[..., Page]


def clustered(n_movies: int = 60, n_clusters: int = 4) -> pd.DataFrame:
    """Movies with ids 100, 102 and so on: the second has a hostile title and no year, the last no place."""
    rows = range(n_movies)
    title = [AMELIE, HOSTILE, "Matrix, The", *(f"Movie {i}, The" for i in rows[3:])]
    table = pd.DataFrame({"movie": rows, "movie_id": [100 + 2 * i for i in rows], "title": title})
    table["year"] = pd.Series([2001, None, *(1950 + i % 60 for i in rows[2:])], dtype="Int64")
    table = table.assign(
        genres="Comedy|Romance", n_ratings=[n_movies * 20 - i for i in rows], mean_rating=3.456
    )
    table["cluster"] = [i % n_clusters for i in rows]
    table["name"] = [f"Kind {i % n_clusters}, 1990–2000" for i in rows]
    table["x"] = [i % 8 * 10.0 for i in rows[:-1]] + [None]
    table["y"] = [i // 8 * 10.0 for i in rows[:-1]] + [None]
    return table


def neighbours(n_movies: int = 60, each: int = 10) -> pd.DataFrame:
    pairs = [(i, (i + step) % n_movies) for i in range(n_movies) for step in range(1, each + 1)]
    return pd.DataFrame(pairs, columns=["movie", "neighbour"])


def listed() -> pd.DataFrame:
    rows = [(0, "best known", 0), (0, "best known", 4), (0, "most central", 8), (0, "hidden gem", 12)]
    return pd.DataFrame([*rows, (3, "hidden gem", 59)], columns=["cluster", "kind", "movie"])


def page(table: pd.DataFrame | None = None, label: str = "a dataset") -> str:
    return explorer.page(clustered() if table is None else table, neighbours(), listed(), label)


def data_of(text: str) -> Any:
    found = re.findall(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
    assert len(found) == 1
    return json.loads(found[0])


def test_the_page_has_the_data_most_rated_movies_first() -> None:
    data = data_of(page(clustered().sort_values("n_ratings")))
    movies = data["movies"]
    assert movies["id"] == [100 + 2 * i for i in range(59)]
    assert movies["title"][:3] == ["Amélie", HOSTILE, "The Matrix"]
    assert movies["year"][:3] == [2001, None, 1952]
    assert (movies["genres"][0], movies["n"][0], movies["mean"][0]) == ("Comedy, Romance", 1200, 3.46)
    assert movies["near"][0] == list(range(1, 11))
    assert data["colours"] == COLOURS
    assert [(each["id"], each["size"]) for each in data["clusters"]] == [(0, 15), (1, 15), (2, 15), (3, 14)]
    assert data["clusters"][0]["lists"] == [
        ["Best known", [0, 4]],
        ["Most central", [8]],
        ["Hidden gems", [12]],
    ]


def test_movies_without_a_place_are_left_out_wherever_they_are_named() -> None:
    data = data_of(page())
    assert (data["clustered"], len(data["movies"]["id"])) == (60, 59)
    assert data["movies"]["near"][58] == list(range(9))
    assert data["clusters"][3]["lists"] == []


def test_a_cluster_without_a_place_does_not_shift_the_others() -> None:
    table = clustered()
    table.loc[table["cluster"] == 1, "x"] = None
    data = data_of(page(table))
    names = [data["clusters"][cluster]["name"] for cluster in data["movies"]["cluster"]]
    assert names[:3] == ["Kind 0, 1990–2000", "Kind 2, 1990–2000", "Kind 3, 1990–2000"]
    assert [cluster["id"] for cluster in data["clusters"]] == [0, 2, 3]


def test_the_same_bytes_come_each_time() -> None:
    assert page() == page()


def test_the_table_may_come_from_a_file(tmp_path: Path) -> None:
    clustered().to_csv(tmp_path / "clusters.csv", index=False)
    assert page(read_movies(tmp_path / "clusters.csv")) == page()


def test_no_title_and_no_label_can_break_out() -> None:
    template = explorer.TEMPLATE.read_text(encoding="utf-8")
    text = page(label=HOSTILE)
    assert text.count("</script") == template.count("</script")
    assert text.count("<!--") == 0
    assert "alert(1)</" not in text
    assert (data_of(text)["label"], data_of(text)["movies"]["title"][1]) == (HOSTILE, HOSTILE)


def test_the_page_names_no_other_address_and_forbids_the_network() -> None:
    assert not re.search("https?:|//[a-z]+[.]", page(), re.IGNORECASE)
    assert "default-src 'none'" in page()


def test_three_thousand_movies_stay_under_two_megabytes() -> None:
    text = explorer.page(clustered(3_000, 12), neighbours(3_000), listed(), "a dataset")
    assert len(text.encode()) < 2_000_000


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("needs Chromium on the PATH")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def visit(browser: Browser, tmp_path: Path) -> Iterator[Visit]:
    """Opens the page; fails at the end if anything else was asked for, or if the console has complaints."""
    path = tmp_path / "explorer.html"
    path.write_text(page(label=HOSTILE), encoding="utf-8")
    asked: list[str] = []
    complaints: list[str] = []
    contexts: list[BrowserContext] = []

    def go(fragment: str = "", **options: Any) -> Page:
        context = browser.new_context(reduced_motion="reduce", **options)
        context.set_default_timeout(5_000)
        contexts.append(context)
        context.route(lambda address: not address.startswith(path.as_uri()), lambda route: route.abort())
        opened = context.new_page()
        opened.on("request", lambda request: asked.append(request.url.split("#")[0]))
        opened.on("console", lambda message: complaints.append(message.text))
        opened.on("pageerror", lambda error: complaints.append(str(error)))
        opened.on("dialog", lambda dialog: complaints.append(dialog.message))
        opened.goto(path.as_uri() + fragment)
        return opened

    yield go
    for context in contexts:
        context.close()
    assert complaints == []
    assert set(asked) == {path.as_uri()}


def dot(page: Page, movie_id: int) -> tuple[float, float]:
    at = page.evaluate("id => explorer.screen(id)", movie_id)
    return at["x"], at["y"]


def view(page: Page) -> dict[str, float]:
    seen: dict[str, float] = page.evaluate("explorer.view()")
    return seen


def chosen(page: Page) -> Locator:
    return page.get_by_role("region", name="Chosen movie")


def search(page: Page) -> Locator:
    return page.get_by_role("combobox")


def test_a_movie_is_found_and_chosen_by_keys_alone(visit: Visit) -> None:
    page = visit()
    page.keyboard.press("/")
    page.keyboard.type("poulain amel")
    expect(page.get_by_role("option")).to_have_text(["Amélie2001"])
    page.keyboard.press("ArrowDown")
    expect(search(page)).to_have_attribute("aria-activedescendant", "found-0")
    page.keyboard.press("Enter")
    expect(chosen(page).get_by_role("heading").first).to_have_text("Amélie (2001)")
    expect(chosen(page).get_by_role("heading").first).to_be_focused()
    assert page.url.endswith("#movie=100")
    assert view(page)["zoom"] > 2
    for _ in range(3):  # past the cross and the cluster
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(chosen(page).get_by_role("heading").first).to_have_text(HOSTILE)


def test_suggestions_begin_with_titles_that_begin_so(visit: Visit) -> None:
    page = visit()
    search(page).fill("movie")
    expect(page.get_by_role("option")).to_have_count(10)
    expect(page.get_by_role("option").first).to_contain_text("The Movie 3")
    search(page).fill("matr")
    expect(page.get_by_role("option")).to_have_text(["The Matrix1952"])
    search(page).fill("thema trix")
    expect(page.get_by_role("option")).to_have_text(["The Matrix1952"])
    search(page).fill("no such movie")
    expect(page.get_by_role("option")).to_have_count(0)
    expect(page.get_by_role("status")).to_have_text("No movie on the map has this title")


def test_pointing_at_a_dot_tells_about_its_movie(visit: Visit) -> None:
    page = visit()
    page.mouse.move(*dot(page, 104))
    tip = page.get_by_role("tooltip")
    for text in ("The Matrix (1952)", "Comedy, Romance", "1,198 ratings, mean 3.46 stars", "Kind 2"):
        expect(tip).to_contain_text(text)
    page.keyboard.press("Escape")
    expect(tip).to_be_hidden()


def test_the_nearest_movies_are_listed_and_lead_on(visit: Visit) -> None:
    page = visit()
    page.mouse.click(*dot(page, 104))
    near = chosen(page).get_by_role("list").get_by_role("button")
    expect(near).to_have_count(10)
    expect(near.first).to_contain_text("The Movie 3")
    near.first.click()
    expect(chosen(page).get_by_role("heading").first).to_have_text("The Movie 3 (1953)")
    page.go_back()
    expect(chosen(page).get_by_role("heading").first).to_have_text("The Matrix (1952)")
    page.go_back()
    expect(chosen(page)).to_be_hidden()


def test_a_cluster_shows_its_movies_and_is_closed_again(visit: Visit) -> None:
    page = visit()
    legend = page.get_by_role("button", name=re.compile("^Kind 0"))
    legend.click()
    expect(legend).to_have_attribute("aria-expanded", "true")
    for heading in ("Best known", "Most central", "Hidden gems"):
        expect(page.get_by_role("heading", name=heading)).to_be_visible()
    page.keyboard.press("Escape")
    expect(legend).to_have_attribute("aria-expanded", "false")
    legend.click()
    page.get_by_role("button", name="The Movie 12").click()
    chosen(page).get_by_role("button", name="Kind 0").click()
    assert page.url.endswith("#cluster=0")
    legend.click()
    expect(page.get_by_role("heading", name="Best known")).to_have_count(0)
    assert "#" not in page.url


def test_the_map_is_zoomed_and_dragged_and_shown_whole_again(visit: Visit) -> None:
    page = visit()
    whole, before = view(page), dot(page, 104)
    page.mouse.move(*before)
    page.mouse.wheel(0, -300)
    page.wait_for_function("explorer.view().zoom > 1.5")
    assert dot(page, 104) == pytest.approx(before, abs=0.5)
    page.mouse.down()
    page.mouse.move(before[0] + 50, before[1] + 40, steps=3)
    page.mouse.up()
    assert dot(page, 104) == pytest.approx((before[0] + 50, before[1] + 40), abs=0.5)
    page.get_by_role("button", name="Whole map").click()
    assert view(page) == whole
    page.get_by_role("button", name="Zoom in").click()
    assert view(page)["zoom"] > whole["zoom"]
    page.locator("canvas").focus()
    for key, axis in (("ArrowRight", "x"), ("ArrowUp", "y"), ("+", "zoom")):
        before_key = view(page)[axis]
        page.keyboard.press(key)
        assert view(page)[axis] > before_key
    page.keyboard.press("0")
    assert view(page) == whole


def test_enter_on_the_map_chooses_the_movie_in_the_middle(visit: Visit) -> None:
    page = visit("#movie=130")
    page.keyboard.press("Escape")
    expect(chosen(page)).to_be_hidden()
    page.locator("canvas").focus()
    page.keyboard.press("Enter")
    expect(chosen(page).get_by_role("heading").first).to_have_text("The Movie 15 (1965)")


def test_an_address_opens_its_movie_or_cluster(visit: Visit) -> None:
    page = visit("#movie=100")
    expect(chosen(page).get_by_role("heading").first).to_have_text("Amélie (2001)")
    assert (view(page)["x"], view(page)["y"]) == (0, 0)
    opened = visit("#cluster=3").get_by_role("button", name=re.compile("^Kind 3"))
    expect(opened).to_have_attribute("aria-expanded", "true")
    expect(chosen(visit("#movie=7"))).to_be_hidden()


def test_a_phone_is_tapped_and_pinched(visit: Visit) -> None:
    page = visit(**PHONE)
    page.touchscreen.tap(*dot(page, 104))
    expect(chosen(page).get_by_role("heading").first).to_have_text("The Matrix (1952)")
    expect(page.get_by_role("tooltip")).to_contain_text("1,198 ratings")
    chosen(page).get_by_role("list").get_by_role("button").first.tap()
    expect(chosen(page).get_by_role("heading").first).to_have_text("The Movie 3 (1953)")
    zoom, session = view(page)["zoom"], page.context.new_cdp_session(page)
    for kind, apart in (("touchStart", 40), ("touchMove", 60), ("touchMove", 80), ("touchEnd", 0)):
        points = [{"x": 195 + side * apart, "y": 300, "id": side + 1} for side in (-1, 1) if apart]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    assert view(page)["zoom"] == pytest.approx(2 * zoom, rel=0.01)
    expect(chosen(page).get_by_role("heading").first).to_have_text("The Movie 3 (1953)")
    small = "element => element.offsetParent && element.getBoundingClientRect().height < 40"
    assert not page.evaluate(f"[...document.querySelectorAll('button, input')].some({small})")
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")


def test_hostile_titles_and_labels_are_shown_as_text(visit: Visit) -> None:
    page = visit("#movie=102")
    expect(chosen(page).get_by_role("heading").first).to_have_text(HOSTILE)
    expect(page.locator("header p")).to_contain_text(HOSTILE)
    assert page.title() == f"Map of movies, {HOSTILE}"
    page.mouse.move(*dot(page, 102))
    expect(page.get_by_role("tooltip")).to_contain_text(HOSTILE)
    search(page).fill("alert")
    expect(page.get_by_role("option").first).to_have_text(HOSTILE)
    assert page.locator("b").count() == 0


def test_texts_on_the_map_do_not_cover_each_other(visit: Visit) -> None:
    for page in (visit(), visit("#movie=104", color_scheme="dark"), visit("#cluster=1", **PHONE)):
        page.wait_for_function("explorer.texts().length > 5")
        boxes = page.evaluate("explorer.texts()")
        assert not any(overlap(one, other) for one, other in itertools.combinations(boxes, 2))


def overlap(one: dict[str, float], other: dict[str, float]) -> bool:
    return all(
        one[start] < other[start] + other[length] and other[start] < one[start] + one[length]
        for start, length in (("left", "width"), ("top", "height"))
    )
