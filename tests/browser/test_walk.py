"""One case from a phone at the door through village, township, county, mediation, closing and follow-up to the archive."""

import re

from tests.browser.conftest import PHONE

WORDS = "石缸边那块菜地的界石被挪了半尺，两家在地头吵起来。"


def do(page, site, code, action, **fields):
    """Open one operation of a case, say what it asks, and send it."""
    page.goto(f"{site}/cases/{code}")
    if action in ("accept", "acknowledge"):
        page.click(f"form[action$='/{code}/{action}'] button")
    else:
        page.locator(f"a[href='/cases/{code}/{action}']").first.evaluate("link => link.click()")
        page.wait_for_url(f"**/{action}")
        _fill(page, fields)
        page.click(".send-bar button")
    page.wait_for_url(f"{site}/cases/{code}")


def _fill(page, fields):
    for name, value in fields.items():
        field = page.locator(f"main form [name={name}]")
        kind = field.first.evaluate("f => f.type")
        if kind in ("radio", "checkbox"):
            for choice in value if isinstance(value, list) else [value]:
                page.check(f"main form [name={name}][value='{choice}']")
        elif kind.startswith("select"):
            page.select_option(f"main form [name={name}]", **({"label": value} if value else {"index": 1}))
        else:
            field.fill(value)


def reported_at_the_door(open_as, site) -> str:
    """A grid worker reports in no more than six taps besides typing; gives the code."""
    phone = open_as("grid", PHONE)
    taps = 0
    for target in ("main a[href='/cases/new']", "label[for]:has([value=land_boundary])", "[name=description]"):
        phone.locator(target).first.click()
        taps += 1
    phone.fill("[name=description]", WORDS)
    phone.click(".send-bar button")
    taps += 1
    phone.wait_for_url(re.compile("thanks"))
    assert taps <= 6
    return re.search(r"/cases/([0-9A-Z-]{14})", phone.url)[1]


def test_a_case_walks_from_the_door_to_the_archive(open_as, site):
    code = reported_at_the_door(open_as, site)
    village, township, county = open_as("village"), open_as("township"), open_as("county")
    mediator, department = open_as("mediator"), open_as("department")

    do(village, site, code, "accept")
    assert "〔" in village.locator("main .code").first.text_content()
    do(village, site, code, "assign", unit="平定营镇细沙村综治中心", handling="general")
    do(village, site, code, "acknowledge")
    do(village, site, code, "escalate", reason="涉及林权证", steps_tried="上门谈了两次")
    do(township, site, code, "assign", unit="平定营镇综治中心", handling="general")
    do(township, site, code, "acknowledge")
    do(township, site, code, "escalate", reason="要县里查档", steps_tried="开了协调会")
    do(county, site, code, "assign", unit="瓮安县自然资源局", handling="complex")
    do(department, site, code, "return", reason="档案已查清，属邻里界址，可由村里调解")
    do(county, site, code, "delegate", unit="平定营镇综治中心", reason="档案已附，请调解")
    do(township, site, code, "delegate", unit="平定营镇细沙村综治中心", reason="请村里调解")
    do(village, site, code, "assign", unit="平定营镇细沙村人民调解委员会", handling="general")
    do(mediator, site, code, "acknowledge")
    for name, side in (("王某", "applicant"), ("李某", "respondent")):
        do(mediator, site, code, "add_party", party_name=name, party_side=side)
    mediator.goto(f"{site}/cases/{code}/start_mediation")
    for box in mediator.locator("[name=consents]").all():
        box.check()
    mediator.click(".send-bar button")
    mediator.wait_for_url(f"{site}/cases/{code}")
    do(
        mediator,
        site,
        code,
        "hold_session",
        held_at="2026-11-24T10:00",
        place="村委会",
        note="看了档案，界石挪回原处。",
    )
    do(mediator, site, code, "agree", agreement_form="oral", terms="界石挪回原处，各让三寸作水路。")
    do(village, site, code, "approve")
    do(village, site, code, "follow_up", satisfaction="satisfied", note="两家都说没事了。")
    do(village, site, code, "archive", file_complete="yes")

    assert WORDS in village.content()
    assert "已归档" in village.locator(".standing-state").text_content()
    for page in (township, county, department):
        page.goto(f"{site}/cases/{code}")
        assert "界石挪回原处" in page.content(), "Whoever held it keeps sight of all of it."
    stranger = open_as("village2")
    assert stranger.goto(f"{site}/cases/{code}").status == 404


def test_it_can_be_settled_on_the_same_page(open_as, site):
    phone = open_as("grid", PHONE)
    phone.goto(f"{site}/cases/new")
    phone.locator("label:has([value=neighbour])").click()
    phone.fill("[name=description]", "鸭子进了田，两家拌嘴。")
    phone.locator("label:has([name=settled])").click()
    phone.fill("[name=result]", "赔了两只鸭蛋，都笑了。")
    phone.click(".send-bar button")
    phone.wait_for_url(re.compile("thanks"))
    assert "已办结" in phone.locator(".standing-state").text_content()


def test_the_slower_of_two_is_told_and_loses_nothing(open_as, site):
    code = reported_at_the_door(open_as, site)
    village, township = open_as("village"), open_as("township")
    do(village, site, code, "accept")
    village.goto(f"{site}/cases/{code}/feedback")
    village.fill("[name=note]", "我先去看了一趟。")
    do(township, site, code, "feedback", note="镇里已电话问过。")
    village.click(".send-bar button")
    village.wait_for_selector("[role=alert]")
    assert "镇里已电话问过" in village.content()
    assert village.input_value("[name=note]") == "我先去看了一趟。"
    village.click(".send-bar button")
    village.wait_for_url(f"{site}/cases/{code}")
    assert "我先去看了一趟" in village.content()


def test_what_was_typed_survives_the_end_of_the_session(open_as, site):
    phone = open_as("grid", PHONE)
    phone.goto(f"{site}/cases/new")
    phone.locator("label:has([value=wages])").click()
    phone.fill("[name=description]", "包工头欠了三个月工钱。")
    phone.context.clear_cookies()
    phone.click(".send-bar button")
    phone.fill("[name=username]", "grid")
    phone.fill("[name=password]", "lianhu-demo")
    phone.click("main form button")
    phone.click("main form button")
    phone.wait_for_url(re.compile("thanks"))
    assert "包工头欠了三个月工钱" in phone.content()


def test_the_language_is_switched(open_as, site):
    page = open_as("village")
    page.locator("details.menu summary").click()
    page.click("form.language button")
    page.goto(f"{site}/cases/")
    assert page.locator("html").get_attribute("lang") == "en"
    assert "Cases" in page.title()
