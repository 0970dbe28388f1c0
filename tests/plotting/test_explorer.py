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
AMELIE = "Amélie (Fabuleux destin d'Amélie Poulain, Le)"
LISTED = {"cluster": 0, "kind": ["Best known", "Most central", "Hidden gems"], "movie": [0, 8, 12]}
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


def movies() -> pd.DataFrame:
    """60 movies on a grid, ids 100 to 159, most rated first; 101 has a hostile title, 159 no position."""
    table = clustered(60, 4)
    table["title"] = [AMELIE, HOSTILE, "Matrix, The", *table["title"][3:]]
    table["n_ratings"] = 1200 - table["movie"]
    table["x"], table["y"] = table["movie"] % 8 * 10.0, table["movie"] // 8 * 10.0
    table.loc[59, ["x", "y"]] = None
    return table


def data_of(page: str) -> Any:
    (found,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    return json.loads(found)


def make_page(table: pd.DataFrame) -> str:
    """Nearest neighbours are the movies before and after; the dataset has a hostile name."""
    angle = table["movie"].to_numpy() / 100
    embedding = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return explorer.page(table, embedding, pd.DataFrame(LISTED), HOSTILE)


def test_the_page_has_the_movies_with_a_position_most_rated_first() -> None:
    data = data_of(make_page(movies().iloc[::-1]))
    assert data["movies"]["id"] == list(range(100, 159))
    assert data["movies"]["title"][:3] == ["Amélie", HOSTILE, "The Matrix"]
    assert data["movies"]["near"][20][:2] in ([19, 21], [21, 19])
    assert [each["size"] for each in data["clusters"]] == [15, 15, 15, 14]
    assert data["clusters"][0]["lists"] == [["Best known", [0]], ["Most central", [8]], ["Hidden gems", [12]]]


def test_a_cluster_without_a_position_does_not_shift_the_others() -> None:
    table = movies()
    table.loc[table["cluster"] == 1, "x"] = None
    data = data_of(make_page(table))
    assert [cluster["id"] for cluster in data["clusters"]] == [0, 2, 3]
    assert data["movies"]["cluster"][:3] == [0, 1, 2]


def test_no_title_and_no_label_can_break_out() -> None:
    page = make_page(movies())
    assert page.count("</script") == explorer.TEMPLATE.read_text(encoding="utf-8").count("</script")
    assert data_of(page)["label"] == HOSTILE
    assert not re.search("<!--|https?:|//[a-z]+[.]", page, re.IGNORECASE)
    assert "default-src 'none'" in page


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
def visit(browser: Browser, tmp_path: Path) -> Iterator[Visit]:
    """Opens the page; fails at the end if anything else was requested, or if the console has messages."""
    path = tmp_path / "explorer.html"
    path.write_text(make_page(movies()), encoding="utf-8")
    seen: list[str] = []

    def go(fragment: str = "", **options: Any) -> Page:
        opened = browser.new_context(reduced_motion="reduce", **options).new_page()
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
    assert set(seen) == {path.as_uri()}


def dot(page: Page, movie_id: int) -> tuple[float, float]:
    at = page.evaluate("id => explorer.screen(id)", movie_id)
    return at["x"], at["y"]


def view(page: Page) -> dict[str, float]:
    seen: dict[str, float] = page.evaluate("explorer.view()")
    return seen


def selected(page: Page) -> Locator:
    """The title of the selected movie."""
    return page.locator("#detail h2")


def test_a_movie_is_found_and_selected_by_keys_alone(visit: Visit) -> None:
    page = visit()
    page.keyboard.press("/")
    for query, title in (("thema trix", "The Matrix1992"), ("poulain amel", "Amélie1990")):
        page.locator("input").fill("")
        page.keyboard.type(query)
        expect(page.get_by_role("option")).to_have_text([title])
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(selected(page)).to_have_text("Amélie (1990)")
    expect(selected(page)).to_be_focused()
    assert page.url.endswith("#movie=100")
    for _ in range(3):  # past the close button and the cluster
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(selected(page)).to_contain_text(HOSTILE)
    page.keyboard.press("Escape")
    expect(selected(page)).to_be_hidden()


def test_a_movie_is_described_and_leads_to_its_nearest_movies(visit: Visit) -> None:
    page = visit("#movie=120")
    near = page.locator("#detail ol button")
    expect(near).to_have_count(10)
    near.first.click()
    expect(selected(page)).to_have_text(re.compile("The Movie (19|21) "))
    page.go_back()
    expect(selected(page)).to_have_text("The Movie 20 (2010)")
    page.locator("#whole").click()
    page.mouse.move(*dot(page, 102))
    for text in ("The Matrix (1992)", "War", "1,198 ratings, mean 3.50 stars", "Kind 2"):
        expect(page.get_by_role("tooltip")).to_contain_text(text)


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
    page = visit("#movie=7")  # there is no such movie
    whole, (x, y) = view(page), dot(page, 102)
    page.mouse.move(x, y)
    page.mouse.wheel(0, -300)
    page.wait_for_function("explorer.view().zoom > 1.5")
    assert dot(page, 102) == pytest.approx((x, y), abs=0.5)
    page.mouse.down()
    page.mouse.move(x + 50, y + 40, steps=3)
    page.mouse.up()
    assert dot(page, 102) == pytest.approx((x + 50, y + 40), abs=0.5)
    page.locator("canvas").focus()
    for key, axis in (("ArrowRight", "x"), ("ArrowUp", "y"), ("+", "zoom")):
        before = view(page)[axis]
        page.keyboard.press(key)
        assert view(page)[axis] > before
    page.keyboard.press("0")
    assert view(page) == whole
    page.keyboard.press("Enter")
    expect(selected(page)).to_be_visible()


def test_a_phone_is_tapped_and_pinched(visit: Visit) -> None:
    page = visit(**PHONE)
    page.touchscreen.tap(*dot(page, 102))
    expect(selected(page)).to_have_text("The Matrix (1992)")
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
        for one, other in itertools.combinations(page.evaluate("explorer.texts()"), 2):
            beside = max(
                one["left"] - other["left"] - other["width"], other["left"] - one["left"] - one["width"]
            )
            below = max(
                one["top"] - other["top"] - other["height"], other["top"] - one["top"] - one["height"]
            )
            assert max(beside, below) >= 0
