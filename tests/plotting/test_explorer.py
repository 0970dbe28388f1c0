"""explorer: one page, safe with any title, that works by mouse, keys and touch."""

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
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from stages.plotting import explorer
from tests.plotting.builders import clustered

CHROMIUM = next(filter(None, map(shutil.which, ["chromium", "chromium-browser", "google-chrome"])), None)
HOSTILE = "</script><script>alert(1)</script><!-- <b>{{data}}"
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
Visit = Callable[..., Page]


def movies() -> pd.DataFrame:
    """60 movies on a grid, ids 100 to 159, most rated first; 101 has a hostile title, 159 no position."""
    table = clustered(60, 4)
    table["title"] = [
        "Amélie (Fabuleux destin d'Amélie Poulain, Le)",
        HOSTILE,
        "Matrix, The",
        *table["title"][3:],
    ]
    table["n_ratings"] = 1200 - table["movie"]
    table["x"], table["y"] = table["movie"] % 8 * 10.0, table["movie"] // 8 * 10.0
    table.loc[59, ["x", "y"]] = None
    return table


def page(table: pd.DataFrame | None = None, label: str = "a dataset") -> str:
    """The embeddings are on a line: the nearest neighbours of a movie are those before and after it."""
    table = movies() if table is None else table
    angle = table["movie"].to_numpy() / 100
    listed = pd.DataFrame(
        {"cluster": 0, "kind": ["best known", "most central", "hidden gem"], "movie": [0, 8, 12]}
    )
    return explorer.page(table, np.stack([np.cos(angle), np.sin(angle)], axis=1), listed, label)


def data_of(text: str) -> Any:
    (found,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
    return json.loads(found)


def test_the_page_has_the_movies_with_a_position_most_rated_first() -> None:
    data = data_of(page(movies().iloc[::-1]))
    assert data["movies"]["id"] == list(range(100, 159))
    assert data["movies"]["title"][:3] == ["Amélie", HOSTILE, "The Matrix"]
    assert data["movies"]["near"][20][:2] in ([19, 21], [21, 19])
    assert [each["size"] for each in data["clusters"]] == [15, 15, 15, 14]
    assert data["clusters"][0]["lists"] == [["Best known", [0]], ["Most central", [8]], ["Hidden gems", [12]]]


def test_a_cluster_without_a_position_does_not_shift_the_others() -> None:
    data = data_of(page(movies().assign(x=movies()["x"].where(movies()["cluster"] != 1))))
    assert [cluster["id"] for cluster in data["clusters"]] == [0, 2, 3]
    assert data["movies"]["cluster"][:3] == [0, 1, 2]


def test_no_title_and_no_label_can_break_out() -> None:
    text = page(label=HOSTILE)
    assert text.count("</script") == explorer.TEMPLATE.read_text(encoding="utf-8").count("</script")
    assert (data_of(text)["label"], data_of(text)["movies"]["title"][1]) == (HOSTILE, HOSTILE)
    assert not re.search("<!--|https?:|//[a-z]+[.]", text, re.IGNORECASE)
    assert "default-src 'none'" in text


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("needs Chromium on the PATH")
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"]) as started,
    ):
        yield started


@pytest.fixture
def visit(browser: Browser, tmp_path: Path) -> Iterator[Visit]:
    """Opens the page; fails at the end if anything else was requested, or if the console has messages."""
    path = tmp_path / "explorer.html"
    path.write_text(page(label=HOSTILE), encoding="utf-8")
    requests: set[str] = set()
    messages: list[str] = []

    def go(fragment: str = "", **options: Any) -> Page:
        opened = browser.new_context(reduced_motion="reduce", **options).new_page()
        opened.set_default_timeout(5_000)
        opened.on("request", lambda request: requests.add(request.url.split("#")[0]))
        opened.on("console", lambda message: messages.append(message.text))
        opened.on("pageerror", lambda error: messages.append(str(error)))
        opened.on("dialog", lambda dialog: messages.append(dialog.message))
        opened.goto(path.as_uri() + fragment)
        return opened

    yield go
    for context in browser.contexts:
        context.close()
    assert (messages, requests) == ([], {path.as_uri()})


def dot(page: Page, movie_id: int) -> tuple[float, float]:
    at = page.evaluate("id => explorer.screen(id)", movie_id)
    return at["x"], at["y"]


def view(page: Page) -> dict[str, float]:
    seen: dict[str, float] = page.evaluate("explorer.view()")
    return seen


def heading(page: Page) -> Locator:
    """The title of the selected movie."""
    return page.locator("#detail h2")


def nearest(page: Page) -> Locator:
    return page.locator("#detail ol button")


def test_a_movie_is_found_and_selected_by_keys_alone(visit: Visit) -> None:
    page = visit()
    page.keyboard.press("/")
    page.keyboard.type("poulain amel")
    expect(page.get_by_role("option")).to_have_text(["Amélie1990"])
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(heading(page)).to_have_text("Amélie (1990)")
    expect(heading(page)).to_be_focused()
    assert page.url.endswith("#movie=100")
    assert view(page)["zoom"] > 2
    for _ in range(3):  # past the close button and the cluster
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(heading(page)).to_contain_text(HOSTILE)
    assert page.locator("b").count() == 0
    page.keyboard.press("Escape")
    expect(heading(page)).to_be_hidden()


def test_titles_that_start_with_the_query_are_suggested_first(visit: Visit) -> None:
    page = visit()
    for query, titles in (("thema trix", ["The Matrix1992"]), ("movie 57", ["The Movie 572017"]), ("zzz", [])):
        page.get_by_role("combobox").fill(query)
        expect(page.get_by_role("option")).to_have_text(titles)
    page.get_by_role("combobox").fill("movie")
    expect(page.get_by_role("option")).to_have_count(10)


def test_a_movie_is_described_and_leads_to_its_nearest_movies(visit: Visit) -> None:
    page = visit()
    page.mouse.move(*dot(page, 102))
    for text in ("The Matrix (1992)", "War", "1,198 ratings, mean 3.50 stars", "Kind 2"):
        expect(page.get_by_role("tooltip")).to_contain_text(text)
    page.mouse.click(*dot(page, 120))
    expect(nearest(page)).to_have_count(10)
    nearest(page).first.click()
    expect(heading(page)).to_have_text(re.compile("The Movie (19|21) "))
    page.go_back()
    expect(heading(page)).to_have_text("The Movie 20 (2010)")
    page.go_back()
    expect(heading(page)).to_be_hidden()


def test_a_cluster_shows_its_movies_and_is_closed_again(visit: Visit) -> None:
    page = visit("#cluster=0")
    legend = page.get_by_role("button", name=re.compile("^Kind 0"))
    expect(legend).to_have_attribute("aria-expanded", "true")
    page.get_by_role("button", name="The Movie 12").click()
    page.locator("#detail").get_by_role("button", name="Kind 0").click()
    assert page.url.endswith("#cluster=0")
    legend.click()
    expect(legend).to_have_attribute("aria-expanded", "false")
    assert "#" not in page.url


def test_the_map_is_zoomed_and_moved_by_mouse_and_keys(visit: Visit) -> None:
    page = visit()
    whole, before = view(page), dot(page, 102)
    page.mouse.move(*before)
    page.mouse.wheel(0, -300)
    page.wait_for_function("explorer.view().zoom > 1.5")
    assert dot(page, 102) == pytest.approx(before, abs=0.5)
    page.mouse.down()
    page.mouse.move(before[0] + 50, before[1] + 40, steps=3)
    page.mouse.up()
    assert dot(page, 102) == pytest.approx((before[0] + 50, before[1] + 40), abs=0.5)
    page.locator("#whole").click()
    assert view(page) == whole
    page.locator("#in").click()
    page.locator("canvas").focus()
    for key, axis in (("ArrowRight", "x"), ("ArrowUp", "y"), ("+", "zoom")):
        before_key = view(page)[axis]
        page.keyboard.press(key)
        assert view(page)[axis] > before_key
    page.keyboard.press("0")
    assert view(page) == whole


def test_enter_selects_the_movie_in_the_middle_of_the_map(visit: Visit) -> None:
    page = visit("#movie=115")
    expect(heading(page)).to_have_text("The Movie 15 (2005)")
    page.keyboard.press("Escape")
    page.locator("canvas").focus()
    page.keyboard.press("Enter")
    expect(heading(page)).to_have_text("The Movie 15 (2005)")
    expect(heading(visit("#movie=7"))).to_be_hidden()


def test_a_phone_is_tapped_and_pinched(visit: Visit) -> None:
    page = visit(**PHONE)
    page.touchscreen.tap(*dot(page, 102))
    expect(heading(page)).to_have_text("The Matrix (1992)")
    nearest(page).first.tap()
    zoom, session = view(page)["zoom"], page.context.new_cdp_session(page)
    for kind, apart in (("touchStart", 40), ("touchMove", 60), ("touchMove", 80), ("touchEnd", 0)):
        points = [{"x": 195 + side * apart, "y": 300, "id": side + 1} for side in (-1, 1) if apart]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    assert view(page)["zoom"] == pytest.approx(2 * zoom, rel=0.01)
    small = "element => element.offsetParent && element.getBoundingClientRect().height < 40"
    assert not page.evaluate(f"[...document.querySelectorAll('button, input')].some({small})")
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")


def test_texts_on_the_map_do_not_overlap(visit: Visit) -> None:
    for page in (visit(), visit("#movie=104", color_scheme="dark"), visit("#cluster=1", **PHONE)):
        page.wait_for_function("explorer.texts().length > 5")
        boxes = page.evaluate("explorer.texts()")
        for one, other in itertools.combinations(boxes, 2):
            assert not all(
                one[start] < other[start] + other[length] and other[start] < one[start] + one[length]
                for start, length in (("left", "width"), ("top", "height"))
            )
