"""The phone without signal: a real browser with a profile of its own, closed and opened again, and a real server."""

import io
import json
import shutil

import pytest
from PIL import Image

from tests.browser.conftest import FLAGS
from tests.browser.test_accessible import violations

HARD_TO_MISS = "泉眼旁那棵歪脖子梨树"


def a_photo(colour: str) -> bytes:
    """A large photo, as a phone's camera makes it."""
    drawn = io.BytesIO()
    Image.effect_noise((1900, 1400), 90).convert("RGB").save(drawn, "JPEG", quality=90, comment=colour.encode())
    return drawn.getvalue()


def sign_in(page, site, username="grid"):
    """Sign in and open the phone's page until it works without signal."""
    page.goto(f"{site}/sign-in?next=/m/zh")
    page.fill("[name=username]", username)
    page.fill("[name=password]", "lianhu-demo")
    page.click("main button")
    ready(page)
    wait_for(page, "() => Boolean(navigator.serviceWorker.controller)")


def ready(page):
    """Wait until the page has started."""
    page.wait_for_selector("body[data-ready]", state="attached")


def wait_for(page, question, tries=300):
    """Ask until the answer is true; a promise is waited for."""
    for _ in range(tries):
        if page.evaluate(question):
            return
        page.wait_for_timeout(100)
    raise AssertionError(question)


def fill_in(page, words, photos=()):
    """Fill in the three answers, and choose photos."""
    page.click("a[href='#new']")
    page.click("label[for=kind-1]")
    page.fill("#description", words)
    if photos:
        page.set_input_files("#files-input", [
            {"name": f"{n}.jpg", "mimeType": "image/jpeg", "buffer": photo} for n, photo in enumerate(photos)])  # fmt: skip
        page.wait_for_function("n => document.querySelectorAll('#files li').length === n", arg=len(photos))


def save(page):
    """Save, and see that it is kept."""
    page.click("#report button.big")
    page.wait_for_selector("#thanks:visible")


HEAPS = """async () => {
  const {all} = await import('/static/phone/store.js');
  return (await all('items')).map(({uuid, caseUuid, kind, state, receipt, attempts, error}) =>
    ({uuid, caseUuid, kind, state, receipt, attempts, error}));
}"""


def items(page):
    """What lies in the queue."""
    return page.evaluate(HEAPS)


def all_sent(page, count):
    """Wait until so many things are sent, and give them."""
    for _ in range(300):
        found = items(page)
        if len(found) == count and all(item["state"] == "sent" for item in found):
            return found
        page.wait_for_timeout(100)
    raise AssertionError(json.dumps(found, ensure_ascii=False))


def own_cases(page):
    """What the server says that the person reported, by id."""
    return {case["uuid"]: case for case in page.evaluate("() => fetch('/api/v1/cases').then(a => a.json())")["cases"]}


def test_cases_saved_without_signal_arrive_once_each_after_the_browser_was_closed(phone, site):
    page = phone.open()
    sign_in(page, site)
    phone.context.set_offline(True)
    page.reload()
    ready(page)
    for number in range(3):
        fill_in(page, f"第{number}件：水沟堵了", [a_photo(str(number))] if number else [])
        save(page)
    page.wait_for_function("() => document.getElementById('count').textContent === '5'")
    assert {item["state"] for item in items(page)} == {"waiting"}
    phone.close()
    page = phone.open()
    ready(page)
    sent = all_sent(page, 5)
    codes = [item["receipt"]["code"] for item in sent if item["kind"] == "case"]
    assert len(set(codes)) == 3
    known = own_cases(page)
    assert {item["uuid"] for item in sent if item["kind"] == "case"} <= set(known)
    for item in (item for item in sent if item["kind"] == "attachment"):
        page.goto(f"{site}/cases/{known[item['caseUuid']]['code']}")
        assert page.locator("a[href*='/cases/files/']").count() == 1
    page.goto(f"{site}/m/zh#waiting")
    page.wait_for_selector("[data-heap=sent]")
    assert codes[0] in page.inner_text("[data-heap=sent]")


def test_the_bytes_that_were_queued_are_the_bytes_that_are_kept(phone, site):
    page = phone.open()
    sign_in(page, site)
    phone.context.set_offline(True)
    fill_in(page, "塌方一处", [a_photo("x")])
    save(page)
    drawn = page.evaluate("""async () => {
      const {all, shown} = await import('/static/phone/store.js');
      const bytes = await shown((await all('items')).find(item => item.kind === 'attachment').copy);
      const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
      return [...hash].map(b => b.toString(16).padStart(2, '0')).join('');
    }""")
    phone.context.set_offline(False)
    [photo] = [item for item in all_sent(page, 2) if item["kind"] == "attachment"]
    assert photo["receipt"]["digest"] == drawn
    assert photo["receipt"]["size"] > 64 * 1024, "it came in parts"


def test_a_captive_portal_takes_nothing(phone, site):
    page = phone.open()
    sign_in(page, site)
    portal = "<html><body>请登录WiFi</body></html>"
    phone.context.route(
        "**/api/v1/cases/*", lambda route: route.fulfill(status=200, body=portal, content_type="text/html")
    )
    fill_in(page, "门户网")
    save(page)
    wait_for(page, f"async () => (await ({HEAPS})())[0].attempts > 0")
    assert items(page)[0]["state"] == "waiting"
    phone.context.unroute("**/api/v1/cases/*")
    page.click("#send-now")
    all_sent(page, 1)


def test_nothing_that_was_typed_can_be_found_on_the_disk(phone, site):
    page = phone.open()
    sign_in(page, site)
    phone.context.set_offline(True)
    fill_in(page, HARD_TO_MISS, [a_photo("y")])
    page.wait_for_timeout(700)
    save(page)
    fill_in(page, f"{HARD_TO_MISS}又一次")
    page.wait_for_timeout(700)
    assert page.evaluate("async () => (await (await import('/static/phone/store.js')).all('drafts')).length") == 1
    phone.close()
    wanted = (HARD_TO_MISS.encode(), HARD_TO_MISS.encode("utf-16-le"))
    searched = [path for path in phone.folder.rglob("*") if path.is_file()]
    assert len(searched) > 50
    assert [path for path in searched if any(words in path.read_bytes() for words in wanted)] == []


def test_a_killed_tab_loses_nothing(phone, site):
    page = phone.open()
    sign_in(page, site)
    phone.context.set_offline(True)
    fill_in(page, "写到一半", [a_photo("z")])
    page.wait_for_timeout(700)
    page.close()
    page = phone.context.new_page()
    page.goto(f"{site}/m/zh")
    ready(page)
    page.click("#offer button")
    page.wait_for_selector("#files li")
    assert page.input_value("#description") == "写到一半"
    assert page.is_checked("#kind-1")


def test_one_bad_item_does_not_hold_up_the_rest_and_can_be_corrected(phone, site):
    page = phone.open()
    sign_in(page, site)
    phone.context.set_offline(True)
    fill_in(page, "长" * 2001)
    save(page)
    fill_in(page, "好的")
    save(page)
    phone.context.set_offline(False)
    wait_for(page, f"async () => (await ({HEAPS})()).every(item => item.state !== 'waiting')")
    states = sorted(item["state"] for item in items(page))
    assert states == ["attention", "sent"]
    row = page.locator("[data-heap=attention] li")
    assert "2000" in row.inner_text()
    row.locator("[data-act=open]").click()
    page.fill("#description", "短一些")
    save(page)
    all_sent(page, 2)


def test_what_one_person_queued_is_never_sent_as_another(phone, site):
    page = phone.open()
    sign_in(page, site)
    phone.context.set_offline(True)
    fill_in(page, "第一个人的")
    save(page)
    phone.context.clear_cookies()
    phone.context.set_offline(False)
    sign_in(page, site, "grid2")
    page.click("a[href='#waiting']")
    page.click("#send-now")
    page.wait_for_timeout(1500)
    assert [(item["state"], item["attempts"]) for item in items(page)] == [("waiting", 0)]


def test_a_session_that_ended_keeps_everything_and_asks_to_sign_in(phone, site):
    page = phone.open()
    sign_in(page, site)
    phone.context.set_offline(True)
    fill_in(page, "登录过期")
    save(page)
    phone.context.clear_cookies()
    phone.context.set_offline(False)
    page.wait_for_selector("#sign-in:visible")
    assert items(page)[0]["state"] == "waiting"
    sign_in(page, site)
    all_sent(page, 1)


def test_five_tabs_send_each_thing_once(phone, site):
    page = phone.open()
    sign_in(page, site)
    phone.context.set_offline(True)
    for number in range(5):
        fill_in(page, f"五个标签页 {number}")
        save(page)
    tabs = [phone.context.new_page() for _ in range(4)]
    for tab in tabs:
        tab.goto(f"{site}/m/zh")
    phone.context.set_offline(False)
    sent = all_sent(page, 5)
    assert [item["attempts"] for item in sent] == [1] * 5
    assert len({item["receipt"]["code"] for item in sent}) == 5


def test_the_phone_may_install_it(phone, site):
    page = phone.open()
    sign_in(page, site)
    session = phone.context.new_cdp_session(page)
    assert session.send("Page.getInstallabilityErrors")["installabilityErrors"] == []
    assert session.send("Page.getAppManifest").get("errors", []) == []


def over_the_wire(request) -> int:
    """The bytes that came from the server, headers included."""
    if request.response().from_service_worker:
        return 0
    sizes = request.sizes()
    return sizes["responseBodySize"] + sizes["responseHeadersSize"]


def test_the_first_load_is_small_and_later_loads_are_smaller(phone, site):
    page = phone.open("/sign-in")
    sizes = []
    phone.context.on("requestfinished", lambda request: sizes.append(over_the_wire(request)))
    sign_in(page, site)
    page.wait_for_timeout(500)
    first = sum(sizes)
    sizes.clear()
    page.reload()
    ready(page)
    page.wait_for_timeout(500)
    assert first < 100_000
    assert sum(sizes) < 15_000


def test_wechats_browser_is_told_that_it_keeps_nothing(phone, site):
    shutil.rmtree(phone.folder, ignore_errors=True)
    page = phone.open("/sign-in")
    page.add_init_script("Object.defineProperty(navigator, 'userAgent', {get: () => 'Mozilla MicroMessenger/8.0'})")
    page.goto(f"{site}/m/zh")
    assert page.is_visible("#keeps-nothing")
    assert page.input_value("#address") == f"{site}/m/zh"
    assert page.is_hidden("#report")


HIDDEN_BEHIND_THE_BAR = """() => {
  const bar = document.querySelector('.tab-bar').getBoundingClientRect();
  const last = [...document.querySelectorAll('main section:not([hidden]) button, main section:not([hidden]) a')].filter(e => e.offsetParent).pop();
  last.focus(); last.scrollIntoView({block: 'nearest'});
  return last.getBoundingClientRect().bottom <= bar.top + 1 ? '' : last.outerHTML.slice(0, 80);
}"""
SMALL = """() => [...document.querySelectorAll('button, select, textarea, summary, .option, .button, .call, .tab-bar a')]
  .filter(e => e.offsetParent && e.getBoundingClientRect().height < 44).map(e => e.outerHTML.slice(0, 80))"""


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_view_is_accessible_at_320_pixels_and_with_doubled_text(phone, site, language):
    page = phone.open("/sign-in")
    sign_in(page, site)
    page.goto(f"{site}/m/{language}")
    ready(page)
    phone.context.set_offline(True)
    fill_in(page, "长" * 2001)
    save(page)
    fill_in(page, "写到一半")
    page.wait_for_timeout(600)
    page.set_viewport_size({"width": 320, "height": 640})
    for view in ("new", "waiting", "cases", "calls"):
        page.click(f"a[href='#{view}']")
        page.wait_for_selector(f"#view-{view}:visible")
        for fold in page.locator(f"#view-{view} summary:visible").all()[:3]:
            fold.click()
        assert violations(page) == [], view
        assert page.evaluate(SMALL) == [], view
        assert page.evaluate(HIDDEN_BEHIND_THE_BAR) == "", view
        for size in ("100%", "200%"):
            page.evaluate("size => { document.documentElement.style.fontSize = size }", size)
            wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wide <= 0, f"{view} scrolls sideways by {wide} pixels at {size}"
        page.evaluate("document.documentElement.style.fontSize = ''")


def test_a_phone_that_was_cut_off_forgets_what_can_be_read_and_still_delivers(phone, site):
    page = phone.open("/sign-in")
    sign_in(page, site)
    phone.context.route("**/api/v1/cases/*", lambda route: route.abort())
    fill_in(page, "丢手机之前写的")
    save(page)
    wait_for(page, "async () => Boolean((await (await import('/static/phone/store.js')).kept('device'))?.body)")
    page.goto(f"{site}/devices")
    page.click("main form button")
    page.goto(f"{site}/m/zh")
    page.wait_for_selector("#sign-in:visible")
    left = page.evaluate(
        """async () => { const {all} = await import('/static/phone/store.js');
           return [(await all('kept')).map(one => one.name), (await all('items')).map(one => [one.state, one.copy])] }"""
    )
    assert left == [[], [["waiting", None]]]
    phone.context.unroute("**/api/v1/cases/*")
    sign_in(page, site)
    page.click("a[href='#waiting']")
    page.click("#send-now")
    all_sent(page, 1)


@pytest.mark.parametrize("error", ["DataError", "QuotaExceededError"])
def test_a_full_phone_keeps_what_was_typed_in_the_form(phone, site, error):
    page = phone.open("/sign-in")
    sign_in(page, site)
    page.evaluate(
        f"""() => {{ const refuse = () => {{ throw new DOMException('full', '{error}') }};
        Object.assign(IDBObjectStore.prototype, {{put: refuse, add: refuse}}); }}"""
    )
    fill_in(page, "存不下的一件")
    page.click("#report button.big")
    page.wait_for_selector("#form-note:visible")
    assert "没能存下来" in page.inner_text("#form-note")
    assert page.input_value("#description") == "存不下的一件"
    assert page.is_checked("#kind-1")


def test_what_is_no_photo_is_refused_with_its_name(phone, site):
    page = phone.open("/sign-in")
    sign_in(page, site)
    fill_in(page, "照片")
    bomb = b"\xff\xd8\xff\xe0" + b"\0" * 400
    page.set_input_files("#files-input", [{"name": "山洪.jpg", "mimeType": "image/jpeg", "buffer": bomb}])
    page.wait_for_selector("#form-note:visible")
    assert "山洪.jpg 不是图片" in page.inner_text("#form-note")
    page.set_input_files(
        "#files-input", [{"name": "视频.jpg", "mimeType": "image/jpeg", "buffer": b"\0" * (31 * 2**20)}]
    )
    page.wait_for_function("() => document.getElementById('form-note').textContent.includes('视频.jpg 太大')")
    assert page.input_value("#description") == "照片"


def village_accepts(phone, code):
    """Somebody at the village accepts a case meanwhile."""
    browser = phone.playwright.chromium.launch(executable_path=phone.executable, args=FLAGS)
    page = browser.new_page()
    page.goto(f"{phone.site}/sign-in?next=/cases/{code}")
    page.fill("[name=username]", "village")
    page.fill("[name=password]", "lianhu-demo")
    page.click("main button")
    page.click(f"form[action='/cases/{code}/accept'] button")
    page.wait_for_function("() => !document.querySelector(\"form[action$='/accept']\")")
    browser.close()


def test_a_case_that_moved_meanwhile_is_shown_and_the_person_decides(phone, site):
    page = phone.open("/sign-in")
    sign_in(page, site)
    fill_in(page, "先报一件")
    save(page)
    code = all_sent(page, 1)[0]["receipt"]["code"]
    page.reload()
    ready(page)
    phone.context.set_offline(True)
    page.click("a[href='#cases']")
    card = page.locator("#case-list > li", has_text=code)
    card.locator("summary", has_text="反馈情况").click()
    card.locator("details[open] textarea").fill("两家都在场")
    card.locator("details[open] button").click()
    page.wait_for_selector("#thanks:visible")
    village_accepts(phone, code)
    phone.context.set_offline(False)
    row = page.locator("[data-heap=attention] li")
    row.wait_for()
    assert "受理" in row.inner_text(), "it says what happened meanwhile"
    assert "两家都在场" in row.inner_text(), "and what was said"
    row.locator("[data-act=again]").click()
    all_sent(page, 2)
    page.goto(f"{site}/cases/{code}")
    assert page.inner_text("main").count("两家都在场") == 1
