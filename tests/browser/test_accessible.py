"""Every screen, on a phone and on a desktop, against WCAG 2.2 AA; and what axe does not see."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.conftest import DESKTOP, PHONE

RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
}
SCREENS = {
    "grid": ("/", "/cases/new", "/cases/", "/groups", "/feedback", "/rules"),
    "village": ("/", "/cases/", "/cases/?tab=closed", "/search?q=纠纷", "/cases/?tab=to_accept"),
    "county": ("/", "/cases/?tab=overdue"),
    "mediator": ("/", "/cases/"),
    "department": ("/",),
    "supervisor": ("/", "/cases/?tab=to_review"),
    "leader": ("/",),
    "admin": ("/", "/admin/people", "/admin/units", "/admin/areas", "/admin/limits", "/admin/feedback"),
}


def violations(page) -> list[str]:
    """What axe finds, one line for each."""
    found = Axe().run(page, options=RULES).response["violations"]
    return [f"{v['id']}: {v['help']} {[n['html'][:90] for n in v['nodes'][:3]]}" for v in found]


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("username", SCREENS)
def test_screens_are_accessible(open_as, site, username, size):
    page = open_as(username, size)
    for path in SCREENS[username]:
        page.goto(site + path)
        assert violations(page) == [], path
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{path} scrolls sideways by {wide} pixels."


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_a_case_and_its_operations_are_accessible(open_as, site, size):
    page = open_as("village", size)
    page.goto(f"{site}/cases/?tab=in_hand")
    page.goto(site + page.locator("main a[href^='/cases/']:not([href*='?'])").first.get_attribute("href"))
    assert violations(page) == []
    for link in {a.get_attribute("href") for a in page.locator("main a[href*='/cases/']").all()}:
        if link.count("/") == 3:
            page.goto(site + link)
            page.click(".send-bar button")  # with its errors, if it asks for anything
            assert violations(page) == [], link


def test_without_signing_in(browser, site):
    page = browser.new_page(viewport=PHONE)
    page.goto(f"{site}/sign-in")
    assert violations(page) == []
    page.close()


def test_controls_are_large_enough_for_a_thumb(open_as, site):
    page = open_as("grid", PHONE)
    for path in ("/", "/cases/new"):
        page.goto(site + path)
        small = page.evaluate(
            "[...document.querySelectorAll('main button, main select, main textarea, main .option, main .button')]"
            ".filter(e => e.offsetParent && e.getBoundingClientRect().height < 44).map(e => e.outerHTML.slice(0, 80))"
        )
        assert small == [], path


def test_fields_have_borders_one_can_see(open_as, site):
    page = open_as("grid", PHONE)
    page.goto(f"{site}/cases/new")
    contrast = page.evaluate(
        """() => { const light = c => { const [r, g, b] = c.match(/[\\d.]+/g).map(Number).map(v => { v /= 255;
             return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4 }); return .2126 * r + .7152 * g + .0722 * b };
           const style = getComputedStyle(document.querySelector('textarea'));
           const [a, b] = [light(style.borderTopColor), light(style.backgroundColor)].sort((x, y) => y - x);
           return (a + .05) / (b + .05) }"""
    )
    assert contrast >= 3
