"""The pages in a real browser: no errors, accessible, narrow and wide, light and dark, by keyboard, and printed."""

import json
import re
import shutil
import subprocess

import pytest

CHROMIUM, PDFTOTEXT = shutil.which("chromium"), shutil.which("pdftotext")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(None in (CHROMIUM, PDFTOTEXT), reason="`make browser` installs chromium and pdftotext"),
]

WIDTHS, SCHEMES = (375, 1280), ("light", "dark")
SCREEN = 800
"""Height of a screen, pixels."""
MINUTES = 3 * 60_000
"""Milliseconds that one step of the browser may take on a machine that does something else too."""


@pytest.fixture(scope="module")
def browser():
    sync_api = pytest.importorskip("playwright.sync_api", reason="`make browser` installs playwright")
    with sync_api.sync_playwright() as running:
        started = running.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"], timeout=MINUTES)
        yield started
        started.close()


@pytest.fixture(scope="module")
def pages(written, evidence, tmp_path_factory):
    """The report, and beside it the audit's own page."""
    out = tmp_path_factory.mktemp("pages")
    shutil.copytree(written, out, dirs_exist_ok=True)
    shutil.copy(evidence.parent / "audit" / "index.html", out / "own.html")
    return out


@pytest.fixture
def opened(browser, pages):
    """opened(name, width, scheme): the page, which must say nothing on the console and load nothing from elsewhere."""
    said, asked, contexts = [], [], []

    def show(name, width=1280, scheme="light"):
        context = browser.new_context(viewport={"width": width, "height": SCREEN}, color_scheme=scheme)
        context.set_default_timeout(MINUTES)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto((pages / name).as_uri())
        return page

    yield show
    for context in contexts:
        context.close()
    assert said == []
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", ["index.html", "encoder-digits.html", "audit-audit.html", "explorer.html", "own.html"])
def test_it_is_accessible_and_fits(opened, name, width, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="`make browser` installs axe")
    page = opened(name, width, scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    violations = axe.Axe().run(page).response["violations"]
    serious = [(v["id"], v["nodes"][0]["html"][:200]) for v in violations if v["impact"] in ("serious", "critical")]
    assert serious == []


def test_the_main_page_has_at_most_six_screens(opened):
    assert opened("index.html").evaluate("document.documentElement.scrollHeight") <= 6 * SCREEN


def test_a_claim_is_opened_by_keyboard_and_by_its_link(opened, pages):
    page = opened("index.html")
    page.locator("#lemma-3\\.1 > summary").focus()
    page.keyboard.press("Enter")
    assert page.locator("#lemma-3\\.1").get_attribute("open") is not None
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('details').id") == "lemma-3.1"
    page.goto((pages / "index.html").as_uri() + "#lemma-4.1")
    assert page.locator("#lemma-4\\.1").get_attribute("open") is not None


def test_search_and_filters_hide_the_others(opened, evidence):
    page = opened("index.html")
    ledger = json.loads((evidence / "theory.json").read_text())
    shown = page.locator(".claim:visible")
    assert shown.count() == len(ledger)
    page.select_option("#verdict", "refuted")
    assert shown.count() == sum(claim["verdict"] == "refuted" for claim in ledger)
    page.fill("#search", "augmented-metric")
    assert page.locator(".claim:visible").evaluate_all("nodes => nodes.map(n => n.id)") == ["augmented-metric"]
    assert page.locator(".group:visible").count() == 1
    assert page.locator("#shown").inner_text() == f"1 of {len(ledger)} claims"


def test_it_works_without_scripts(browser, pages, evidence):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((pages / "index.html").as_uri())
    assert page.locator(".claim:visible").count() == len(json.loads((evidence / "theory.json").read_text()))
    assert not page.locator("#filters").is_visible()
    context.close()


def test_printed_it_shows_every_claim_whole(opened, evidence):
    page = opened("index.html")
    page.emulate_media(media="print")
    heights = page.evaluate(
        "Object.fromEntries([...document.querySelectorAll('.claim')].map(c => [c.id, Math.min("
        "...[...c.querySelectorAll('.statement, li')].map(n => n.getBoundingClientRect().height))]))"
    )
    assert heights.keys() == {claim["id"] for claim in json.loads((evidence / "theory.json").read_text())}
    assert min(heights.values()) > 0
    printed = page.pdf(format="A4")
    assert printed.startswith(b"%PDF")
    assert len(re.findall(rb"/Type /Page\b", printed)) > 5
    text = subprocess.run([PDFTOTEXT, "-", "-"], input=printed, stdout=subprocess.PIPE, check=True).stdout.decode()
    words = "".join(text.split())  # a line may be broken within an id
    claims = json.loads((evidence / "theory.json").read_text())
    assert [claim["id"] for claim in claims if claim["id"] not in words] == []
    files = {claim["module"].replace(".", "/") + ".py" for claim in claims}
    assert {file for file in files if file not in words} == set()
