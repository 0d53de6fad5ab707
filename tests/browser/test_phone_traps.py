"""What goes wrong on real phones: impatient taps, two tabs, a phone that passes from hand to hand, small screens."""

import pytest

from tests.browser.test_accessible import violations
from tests.browser.test_phone import (
    a_photo,
    all_sent,
    fill_in,
    items,
    own_cases,
    ready,
    save,
    sign_in,
    wait_for,
)

VIEWS = ("new", "waiting", "cases", "calls")
STORE = "const store = await import('/static/phone/store.js');"


@pytest.fixture
def page(phone, site):
    """A phone on which the grid worker has signed in."""
    page = phone.open()
    sign_in(page, site)
    return page


def test_whatever_is_hidden_at_the_same_time_can_be_read_again(page):
    """The key is made at the first need; made twice, the first draft would be lost."""
    read = page.evaluate(
        f"""async () => {{ {STORE}
        await store.remove('kept', 'key');
        const hidden = await Promise.all([1, 2, 3].map(n => store.hidden(store.asBytes(n))));
        return Promise.all(hidden.map(async copy => store.fromBytes(await store.shown(copy)))); }}"""
    )
    assert read == [1, 2, 3]


def test_an_impatient_hand_saves_once(page):
    fill_in(page, "点了三下", [a_photo("i")])
    page.evaluate("for (let n = 0; n < 3; n++) document.querySelector('#report button.big').click()")
    sent = all_sent(page, 2)
    page.wait_for_timeout(800)
    assert [item["attempts"] for item in items(page)] == [1, 1]
    assert len(sent) == 2
    assert page.evaluate(f"async () => {{ {STORE} return (await store.all('drafts')).length; }}") == 0


def test_a_photo_that_is_still_being_made_small_goes_along(page):
    fill_in(page, "照片还没好")
    photo = {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": a_photo("w")}
    page.set_input_files("#files-input", [photo, photo, photo])
    page.click("#report button.big")
    all_sent(page, 4)
    assert page.locator("#files li").count() == 0


def test_what_is_being_corrected_is_not_sent_meanwhile(page, phone, site):
    phone.context.set_offline(True)
    fill_in(page, "先写错了")
    save(page)
    wait_for(page, "() => document.querySelectorAll('[data-heap=waiting] li').length === 1")
    page.click("[data-heap=waiting] [data-act=open]")
    page.wait_for_selector("#description:visible")
    assert items(page) == []
    phone.context.set_offline(False)
    page.wait_for_timeout(1500)
    page.fill("#description", "后来写对了")
    page.click("#report button.big")
    [case] = all_sent(page, 1)
    page.goto(f"{site}/cases/{own_cases(page)[case['uuid']]['code']}")
    assert "后来写对了" in page.inner_text("main")
    assert "先写错了" not in page.inner_text("main")


def test_the_next_hand_does_not_read_what_the_first_wrote(page, phone, site):
    phone.context.set_offline(True)
    fill_in(page, "只有我能看")
    save(page)
    page.click("a[href='#new']")
    fill_in(page, "我的草稿")
    page.wait_for_timeout(700)
    phone.context.clear_cookies()
    phone.context.set_offline(False)
    sign_in(page, site, "grid2")
    page.click("a[href='#waiting']")
    page.wait_for_timeout(500)
    text = page.inner_text("#view-waiting")
    assert "只有我能看" not in text
    assert "我的草稿" not in text


def test_other_pages_never_get_an_old_stylesheet(page, site):
    page.evaluate(
        """async () => { const cache = await caches.open((await caches.keys())[0]);
        const old = new Response('h1 { color: rgb(1, 2, 3) }', {headers: {'Content-Type': 'text/css'}});
        await cache.put('/static/app.css', old); }"""
    )
    colour = "getComputedStyle(document.querySelector('h1')).color"
    page.goto(f"{site}/cases/")
    assert page.evaluate(colour) != "rgb(1, 2, 3)"
    page.goto(f"{site}/m/zh")
    ready(page)
    assert page.evaluate(colour) == "rgb(1, 2, 3)", "it stays on its own version"


def test_no_page_with_anybodys_data_is_kept(page):
    kept = page.evaluate(
        """async () => (await Promise.all((await caches.keys()).map(async name =>
        (await (await caches.open(name)).keys()).map(request => new URL(request.url).pathname)))).flat()"""
    )
    assert {"/m/zh", "/m/en"} <= set(kept)
    assert [path for path in kept if not path.startswith(("/m/", "/static/"))] == []


def test_addresses_that_lead_elsewhere_still_do_so(page, phone, site):
    page.goto(f"{site}/m/")
    assert page.url == f"{site}/m/zh"
    ready(page)  # an answer still under way would bring the session back
    phone.context.clear_cookies()
    page.goto(f"{site}/cases/")
    assert "/sign-in" in page.url
    phone.context.set_offline(True)
    page.goto(f"{site}/cases/new")
    ready(page)
    assert page.is_visible("#report")


def test_nothing_of_others_lies_readable_in_the_browser(page, phone):
    me = page.evaluate("() => fetch('/api/v1/me', {cache: 'no-store'}).then(answer => answer.json())")
    phone.close()
    wanted = [me["duty"][0]["phone"].encode(), *(one["phone"].encode() for one in me["leaders"][:1])]
    searched = [path for path in phone.folder.rglob("*.l*") if path.is_file() and "IndexedDB" in str(path)]
    assert searched
    assert [path for path in searched if any(words in path.read_bytes() for words in wanted)] == []


@pytest.mark.parametrize("font", ["100%", "200%"])
def test_every_view_fits_a_small_phone(page, phone, font):
    page.set_viewport_size({"width": 320, "height": 640})
    phone.context.set_offline(True)
    fill_in(page, "小屏幕")
    save(page)
    page.evaluate("font => document.documentElement.style.setProperty('font-size', font)", font)
    for view in VIEWS:
        page.click(f"a[href='#{view}']")
        page.wait_for_timeout(200)
        assert violations(page) == [], view
        assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0, view
        small = page.evaluate(
            "[...document.querySelectorAll('a, button, select, textarea, .option, summary, input:not(.option input):not(.unseen)')]"
            ".filter(e => e.offsetParent && !e.matches('.skip') && e.getBoundingClientRect().height < 44)"
            ".map(e => e.outerHTML.slice(0, 90))"
        )
        assert small == [], view
