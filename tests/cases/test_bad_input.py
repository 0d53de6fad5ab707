"""Whatever is sent: never an error of ours, never a trace, nothing overwritten, and what was typed is still there."""

import io
from html.parser import HTMLParser
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from cases.lifecycle import LIFECYCLE
from cases.models import Attachment, Case, CaseEntry
from cases.verify import differences
from core.db import db, new_id
from grid.groups import HouseholdGroup
from tests.core.test_files import a_picture
from tests.factories import NOON, a_case, accepted, act, colleague, grid_of, in_progress, mediating, reviewed

TYPED = "田埂的排水沟又堵了，两家吵起来。"
NASTY = ["\x00", "a\x00b", "<script>alert(1)</script>", "' OR 1=1 --", "%s %(x)s {0} {{7*7}}", "𠮷" * 3000, "-1", "0", "9" * 40,
         "٣", "../../etc/passwd", "2026-13-45", "0001-01-01T00:00", "9999-12-31T23:59", "0001-01-01T00:00:00+14:00", "\u202e\ufeff",
         "\r\nSet-Cookie: a=b", "1e9", "true", "null"]  # fmt: skip


class Hidden(HTMLParser):
    """The hidden fields of a page, and all its text."""

    def __init__(self, html):
        super().__init__()
        self.fields, self.action = {}, ""
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        """Take note of one field; the last form on the page is the one of interest."""
        found = dict(attributes)
        if tag == "form":
            self.fields, self.action = {}, found.get("action", "")
        if tag == "input" and found.get("type") == "hidden":
            self.fields[found["name"]] = found.get("value") or ""


def a_report(**changes) -> dict:
    """A report form filled in as it should be, but for the changes; None leaves a field out."""
    good = {"id": str(new_id()), "kind": "land_boundary", "area": str(grid_of().id), "description": TYPED, "risk": "blue",
            "source": "patrol", "place": "老井旁"}  # fmt: skip
    filled = {name: value for name, value in (good | changes).items() if value is not None}
    db.session.commit()
    return filled


def an_operation(case, **said) -> dict:
    """An operation's form filled in now."""
    version = db.session.scalar(select(Case.version).where(Case.id == case.id))
    db.session.commit()
    return {"version": str(version), "key": str(uuid4())} | said


def address_of(case, action) -> str:
    """Where an operation is sent to."""
    address = f"/cases/{case.code}/{action}"
    db.session.commit()
    return address


def count(model) -> int:
    """How many there are."""
    db.session.rollback()
    found = db.session.scalar(select(func.count()).select_from(model))
    db.session.rollback()
    return found


def is_fine(answer):
    """No error of ours and no trace."""
    assert answer.status_code < 500, answer.status_code
    assert "Traceback" not in answer.text
    assert "sqlalchemy" not in answer.text.lower()
    return answer


# A report that is not right.

WRONG = {
    "no kind": {"kind": None},
    "an unknown kind": {"kind": "ufo"},
    "no place": {"area": None},
    "a place of no number": {"area": "x"},
    "a place that does not exist": {"area": "99999999"},
    "no words": {"description": " "},
    "too many words": {"description": "字" * 2001},
    "settled without a word": {"settled": "y", "result": ""},
    "no phone number": {"applicant_phone": "call me"},
    "a crowd": {"people_count": "10001"},
    "nobody": {"people_count": "0"},
    "no number": {"people_count": "many"},
    "no day": {"occurred_on": "yesterday"},
    "a day to come": {"occurred_on": "2999-01-01"},
    "an unknown colour": {"risk": "green"},
    "an unknown source": {"source": "gossip"},
    "too long a place": {"place": "远" * 101},
    "too long a name": {"applicant": "王" * 61},
}


@pytest.mark.parametrize("changes", WRONG.values(), ids=WRONG)
def test_a_report_that_is_not_right_is_given_back_with_what_was_typed(app, sign_in, changes):
    form = a_report(**changes)
    answer = is_fine(sign_in("grid").post("/cases/new", data=form))
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert form.get("description", "") in answer.text
    assert "老井旁" in answer.text or "远" in answer.text
    assert Hidden(answer.text).fields["id"] == form["id"], "the same form keeps its id"
    assert count(Case) == 0


def test_nobody_reports_from_an_area_that_is_not_theirs(app, sign_in):
    for username in ("grid", "village", "mediator"):
        answer = is_fine(sign_in(username).post("/cases/new", data=a_report(area=str(grid_of("grid2").id))))
        assert answer.status_code == 422
        assert TYPED in answer.text
    assert count(Case) == 0


@pytest.mark.parametrize("id", ["", "garbage", "1", "\x00", None])
def test_a_form_without_its_own_id_is_a_report_all_the_same(app, sign_in, id):
    assert is_fine(sign_in("grid").post("/cases/new", data=a_report(id=id))).status_code == 302
    assert count(Case) == 1


def test_a_report_with_the_id_of_somebody_elses_case_changes_nothing_of_it(app, sign_in):
    theirs = a_case(by="grid2", description="别人的事")
    id = str(theirs.id)
    answer = is_fine(sign_in("grid").post("/cases/new", data=a_report(id=id)))
    assert answer.status_code in (302, 409)
    assert answer.status_code == 302 or TYPED in answer.text
    db.session.rollback()
    assert db.session.get(Case, theirs.id).description == "别人的事"


def test_the_same_report_sent_twice_is_one_case(app, sign_in):
    client, form = sign_in("grid"), a_report()
    first, second = client.post("/cases/new", data=form), client.post("/cases/new", data=form)
    assert (first.status_code, second.status_code) == (302, 302)
    assert first.location.split("?")[0] == second.location.split("?")[0]
    assert (count(Case), count(CaseEntry)) == (1, 1)


@pytest.mark.parametrize("field", ["description", "place", "told_by", "applicant", "applicant_phone", "respondent", "people_count",
                                   "occurred_on", "kind", "area", "risk", "source", "device_at", "result", "id"])  # fmt: skip
def test_nothing_that_is_sent_in_a_report_breaks_it(app, sign_in, field):
    client = sign_in("grid")
    for nasty in NASTY:
        answer = is_fine(client.post("/cases/new", data=a_report(**{field: nasty})))
        assert answer.status_code in (302, 409, 422), nasty
        assert answer.status_code == 302 or field == "description" or TYPED in answer.text
        if answer.status_code == 302:
            page = is_fine(client.get(answer.location))
            assert "<script>alert" not in page.text


# An operation that is not right.


def cases_of_all_kinds():
    """One case in each of the busy states, with somebody whose work it is."""
    return [(a_case(), "village"), (accepted(), "village"), (in_progress("mediator"), "mediator"), (mediating(), "mediator"),
            (reviewed(), "township"), (in_progress(), "township")]  # fmt: skip


def test_nothing_that_is_sent_with_an_operation_breaks_it(app, sign_in):
    """Every field of every operation, filled with every nasty thing."""
    db.session.commit()
    clients = {name: sign_in(name) for name in ("village", "mediator", "township")}
    for case, who in cases_of_all_kinds():
        for action in LIFECYCLE.actions:
            names = {name for t in LIFECYCLE.transitions if t.action == action for name in t.requires} | {
                "note",
                "device_at",
            }
            for nasty in NASTY:
                address, form = address_of(case, action), an_operation(case, **dict.fromkeys(names, nasty))
                assert is_fine(clients[who].post(address, data=form)).status_code in (302, 404, 409, 422), (
                    action,
                    nasty,
                )
    assert list(differences()) == []


@pytest.mark.parametrize("field", ["version", "key", "device_at"])
def test_hidden_fields_that_were_tampered_with_do_no_harm(app, sign_in, field):
    case, client = accepted(), sign_in("village")
    for nasty in [*NASTY, ""]:
        answer = is_fine(
            client.post(address_of(case, "feedback"), data=an_operation(case, note=TYPED) | {field: nasty})
        )
        assert answer.status_code in (302, 409), nasty
        assert answer.status_code == 302 or TYPED in answer.text
    assert list(differences()) == []


@pytest.mark.parametrize("said", [{}, {"note": ""}, {"note": "   "}, {"note": "字" * 2001}])
def test_an_operation_without_its_words_or_with_too_many_is_given_back(app, sign_in, said):
    case = accepted()
    answer = is_fine(sign_in("village").post(address_of(case, "feedback"), data=an_operation(case, **said)))
    assert answer.status_code == 422
    assert said.get("note", "").strip() in answer.text
    assert count(CaseEntry) == 2


def test_a_choice_that_is_not_offered_is_given_back(app, sign_in):
    case = accepted()
    elsewhere = str(db.session.scalar(select(Case.centre_id)) + 20)
    for unit in (elsewhere, "x", "-1", ""):
        form = an_operation(case, unit=unit, handling="general", note=TYPED)
        answer = is_fine(sign_in("village").post(address_of(case, "assign"), data=form))
        assert answer.status_code == 422
        assert TYPED in answer.text


def test_what_cannot_be_done_in_this_state_is_refused_and_the_words_come_back(app, sign_in):
    case = accepted()
    form = an_operation(case, reason=TYPED, where_to_go="法院")
    answer = is_fine(sign_in("village").post(address_of(case, "decline"), data=form))
    assert answer.status_code == 409
    assert TYPED in answer.text
    assert count(CaseEntry) == 2


def test_what_is_for_somebody_else_is_refused_and_the_words_come_back(app, sign_in):
    case = a_case()
    for who, action in (("grid", "accept"), ("leader", "feedback"), ("township", "decline")):
        answer = is_fine(sign_in(who).post(address_of(case, action), data=an_operation(case, reason=TYPED, note=TYPED)))
        assert answer.status_code == 409, who
        assert TYPED in answer.text
    assert count(CaseEntry) == 1


@pytest.mark.parametrize("action", ["explode", "report", "absorb", "state", "%00", "act", "..", "accept%0A"])
def test_operations_that_do_not_exist_are_nowhere(app, sign_in, action):
    case = accepted()
    address = address_of(case, action)
    for client in (sign_in("village"),):
        assert is_fine(client.get(address)).status_code in (302, 308, 404)
        assert is_fine(client.post(address, data={"note": TYPED})).status_code in (404, 405)
    assert count(CaseEntry) == 2


# Two people at once.


def test_the_slower_of_two_sees_what_the_other_did_and_what_was_typed_and_may_send_it_again(app, sign_in):
    case = accepted()
    slower, faster = sign_in("village"), sign_in(colleague("village"))
    form = an_operation(case, note=TYPED)
    address = address_of(case, "feedback")
    assert faster.post(address, data=an_operation(case, note="我先到了现场")).status_code == 302
    answer = is_fine(slower.post(address, data=form))
    assert answer.status_code == 409
    assert TYPED in answer.text
    assert "我先到了现场" in answer.text
    assert count(CaseEntry) == 3, "nothing was overwritten or added"
    again = Hidden(answer.text).fields | {"note": TYPED}
    assert again["version"] != form["version"]
    assert slower.post(address, data=again).status_code == 302
    assert count(CaseEntry) == 4


def test_of_two_decisions_the_first_holds_and_the_second_keeps_its_words(app, sign_in):
    case = a_case()
    slower, faster = sign_in("village"), sign_in(colleague("village"))
    form = an_operation(case, reason=TYPED, where_to_go="县法院")
    assert faster.post(address_of(case, "accept"), data=an_operation(case)).status_code == 302
    answer = is_fine(slower.post(address_of(case, "decline"), data=form))
    assert answer.status_code == 409
    assert TYPED in answer.text
    assert "县法院" in answer.text
    db.session.rollback()
    assert db.session.scalar(select(Case._state)) == "accepted"


def test_one_operation_sent_twice_is_one_entry(app, sign_in):
    case, client = accepted(), sign_in("village")
    form = an_operation(case, note=TYPED)
    address = address_of(case, "feedback")
    assert [client.post(address, data=form).status_code for _ in range(3)] == [302, 302, 302]
    assert count(CaseEntry) == 3


def test_an_acceptance_sent_twice_is_one_entry_and_one_number(app, sign_in):
    case, client = a_case(), sign_in("village")
    form = an_operation(case)
    address = address_of(case, "accept")
    assert [client.post(address, data=form).status_code for _ in range(2)] == [302, 302]
    assert count(CaseEntry) == 2


def test_the_key_of_another_form_does_not_swallow_what_was_typed(app, sign_in):
    first, second = accepted(), accepted()
    key = str(uuid4())
    client = sign_in("village")
    assert (
        client.post(address_of(first, "feedback"), data=an_operation(first, note="第一") | {"key": key}).status_code
        == 302
    )
    answer = is_fine(client.post(address_of(second, "feedback"), data=an_operation(second, note=TYPED) | {"key": key}))
    assert answer.status_code == 409
    assert TYPED in answer.text
    assert (
        client.post(address_of(second, "feedback"), data=Hidden(answer.text).fields | {"note": TYPED}).status_code
        == 302
    )


# The session ended while somebody was typing.


@pytest.mark.parametrize("signs_in", ["right away", "after a slip"])
def test_what_was_typed_when_the_session_ended_is_sent_after_signing_in(app, sign_in, signs_in):
    case = accepted()
    address, form = address_of(case, "feedback"), an_operation(case, note=TYPED)
    client = app.test_client()
    answer = is_fine(client.post(address, data=form))
    assert answer.status_code == 401
    assert TYPED in answer.text
    kept = Hidden(answer.text)
    assert kept.action == "/sign-in"
    if signs_in == "after a slip":
        answer = client.post("/sign-in", data=kept.fields | {"username": "village", "password": "wrong"})
        assert answer.status_code == 401
        kept = Hidden(answer.text)
    answer = is_fine(client.post("/sign-in", data=kept.fields | {"username": "village", "password": "lianhu-demo"}))
    assert TYPED in answer.text
    send = Hidden(answer.text)
    assert send.action == address
    assert client.post(send.action, data=send.fields).status_code == 302
    assert db.session.scalars(select(CaseEntry.facts).where(CaseEntry.action == "feedback")).one()["note"] == TYPED


def test_a_report_survives_the_end_of_a_session_and_no_password_is_ever_shown(app):
    client = app.test_client()
    answer = client.post("/cases/new", data=a_report(password="secret-word"))
    assert TYPED in answer.text
    assert "secret-word" not in answer.text
    kept = Hidden(answer.text).fields | {"username": "grid", "password": "lianhu-demo"}
    send = Hidden(client.post("/sign-in", data=kept).text)
    assert client.post(send.action, data=send.fields).status_code == 302
    assert count(Case) == 1


def test_what_was_typed_is_not_given_to_an_address_elsewhere(app):
    client = app.test_client()
    data = {"username": "grid", "password": "lianhu-demo", "next": "https://evil.example/", "kept.note": TYPED}
    assert Hidden(is_fine(client.post("/sign-in", data=data)).text).action == "/"


# The page was open for too long.


@pytest.fixture
def guarded(app, monkeypatch):
    """The application with its tokens checked."""
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    return app


def signed_in_with_token(app, username):
    """A client that signed in the way a browser does."""
    db.session.commit()
    client = app.test_client()
    token = Hidden(client.get("/sign-in").text).fields["csrf_token"]
    client.post("/sign-in", data={"username": username, "password": "lianhu-demo", "csrf_token": token})
    return client


@pytest.mark.parametrize("token", [None, "", "old", "\x00"])
def test_a_form_whose_token_expired_can_be_sent_again(guarded, token):
    case = accepted()
    client = signed_in_with_token(guarded, "village")
    form = an_operation(case, note=TYPED) | ({"csrf_token": token} if token is not None else {})
    address = address_of(case, "feedback")
    answer = is_fine(client.post(address, data=form))
    assert answer.status_code == 400
    assert TYPED in answer.text
    assert count(CaseEntry) == 2
    again = Hidden(answer.text)
    assert client.post(again.action, data=again.fields).status_code == 302
    assert count(CaseEntry) == 3


def test_an_expired_form_of_a_session_that_ended_asks_to_sign_in(guarded):
    case = accepted()
    answer = is_fine(guarded.test_client().post(address_of(case, "feedback"), data=an_operation(case, note=TYPED)))
    assert answer.status_code == 401
    assert TYPED in answer.text


@pytest.mark.parametrize(
    "address", ["/feedback", "/cases/new", "/admin/limits", "/groups/1/link", "/sign-out", "/language"]
)
def test_no_form_is_taken_from_another_site(guarded, address):
    client = signed_in_with_token(guarded, "admin" if "admin" in address else "grid")
    assert is_fine(client.post(address, data={"text": TYPED, "language": "en"})).status_code in (302, 400)
    assert client.get("/").status_code == 200, "still signed in"
    assert 'lang="zh-CN"' in client.get("/").text


def test_a_leaders_expired_page_keeps_the_words(guarded):
    secret = db.session.scalars(select(HouseholdGroup)).first().make_link(NOON)
    db.session.commit()
    client = guarded.test_client()
    answer = is_fine(client.post(f"/r/{secret}", data={"kind": "danger", "words": TYPED, "csrf_token": "old"}))
    assert answer.status_code == 400
    assert TYPED in answer.text
    again = Hidden(answer.text)
    assert client.post(again.action, data=again.fields).status_code == 200
    assert count(Case) == 1


# Files.

PICTURE = a_picture()


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [("a.jpg", PICTURE, 302), ("a.pdf", b"%PDF-1.7", 302), ("a.jpg", b"MZ\x90", None), ("a.html", b"<script>", None),
     ("a.jpg", PICTURE[:200], None), ("", b"", 302), ("../../a.jpg", PICTURE, 302), ("a\x00.jpg", PICTURE, 302)],
)  # fmt: skip
def test_a_file_is_taken_or_refused_and_the_text_stays(app, sign_in, name, content, code):
    case, client = accepted(), sign_in("village")
    for address, form in ((address_of(case, "feedback"), an_operation(case, note=TYPED)), ("/cases/new", a_report())):
        data = form | {"files": (io.BytesIO(content), name)}
        answer = is_fine(client.post(address, data=data, content_type="multipart/form-data"))
        assert answer.status_code == code if code else answer.status_code in (409, 422)
        assert code or TYPED in answer.text
    assert count(Attachment) == (2 if code and content else 0)


def test_a_file_over_the_limit_is_refused_and_the_text_stays(app, sign_in, monkeypatch):
    monkeypatch.setitem(app.config, "UPLOAD_LIMIT", 1000)
    case, client = accepted(), sign_in("village")
    data = an_operation(case, note=TYPED) | {"files": (io.BytesIO(b"%PDF-" + bytes(2000)), "a.pdf")}
    answer = is_fine(client.post(address_of(case, "feedback"), data=data, content_type="multipart/form-data"))
    assert answer.status_code in (409, 422)
    assert TYPED in answer.text
    assert count(Attachment) == 0


def test_a_refused_file_leaves_nothing_of_the_operation_behind(app, sign_in):
    case, client = accepted(), sign_in("village")
    data = an_operation(case, note=TYPED) | {
        "files": [(io.BytesIO(PICTURE), "good.jpg"), (io.BytesIO(b"bad"), "bad.jpg")]
    }
    answer = client.post(address_of(case, "feedback"), data=data, content_type="multipart/form-data")
    assert answer.status_code in (409, 422)
    assert (count(CaseEntry), count(Attachment)) == (2, 0)


def test_a_body_that_is_too_large_is_refused(app, sign_in, monkeypatch):
    client, form = sign_in("grid"), a_report()
    long = form | {"description": "字" * 500_000}
    assert is_fine(client.post("/cases/new", data=long)).status_code in (413, 422)
    body = f'--b\r\nContent-Disposition: form-data; name="description"\r\n\r\n{"字" * 500_000}\r\n--b--\r\n'.encode()
    answer = client.post("/cases/new", data=body, content_type="multipart/form-data; boundary=b")  # no temporary file
    assert is_fine(answer).status_code == 413
    monkeypatch.setitem(app.config, "MAX_CONTENT_LENGTH", 3000)
    data = form | {"files": (io.BytesIO(bytes(10_000)), "a.jpg")}
    assert is_fine(client.post("/cases/new", data=data, content_type="multipart/form-data")).status_code == 413
    assert count(Case) == 0


def test_a_file_is_only_ever_shown_never_run(app, sign_in):
    case, client = accepted(), sign_in("village")
    data = an_operation(case, note=TYPED) | {"files": (io.BytesIO(PICTURE), "<script>.jpg")}
    assert client.post(address_of(case, "feedback"), data=data, content_type="multipart/form-data").status_code == 302
    id = db.session.scalar(select(Attachment.id))
    db.session.rollback()
    answer = client.get(f"/cases/files/{id}")
    assert answer.status_code == 200
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert "X" not in answer.headers
    assert "<script>.jpg" not in client.get(f"/cases/{address_of(case, '').split('/')[2]}").text


# Addresses.


@pytest.mark.parametrize(
    "code", ["ABCD-EFGH-JKLM", "x", "%00", "..%2f..", "' OR 1=1", "字", "2" * 5000, "cases", "%ff%fe"]
)
def test_an_unknown_code_is_nowhere(app, sign_in, code):
    client = sign_in("village")
    for answer in (
        client.get(f"/cases/{code}"),
        client.get(f"/cases/{code}/feedback"),
        client.post(f"/cases/{code}/feedback"),
    ):
        assert is_fine(answer).status_code == 404


@pytest.mark.parametrize(
    "id", ["1", "x", "00000000-0000-0000-0000-000000000000", "%00", "ffffffff-ffff-ffff-ffff-ffffffffffff"]
)
def test_an_unknown_file_is_nowhere(app, sign_in, id):
    assert is_fine(sign_in("village").get(f"/cases/files/{id}")).status_code == 404


@pytest.mark.parametrize("id", ["0", "-1", "99999999", "9" * 30, "x", "%00"])
def test_an_unknown_group_is_nowhere(app, sign_in, id):
    for action in ("link", "revoke"):
        assert is_fine(sign_in("village").post(f"/groups/{id}/{action}")).status_code == 404


CURSORS = ["x", "~", "~~", "a~b~c", "2026-01-01~x", "2026-01-01T00:00:00~00000000-0000-0000-0000-000000000000",
           "0001-01-01T00:00:00+23:59~00000000-0000-0000-0000-000000000000", "~00000000-0000-0000-0000-000000000000",
           "9999-12-31T23:59:59-23:59~00000000-0000-0000-0000-000000000000", "\x00", "' OR 1=1 --",
           "2026-01-01T00:00:00+08:00~00000000-0000-0000-0000-000000000000"]  # fmt: skip


@pytest.mark.parametrize("place", CURSORS)
@pytest.mark.parametrize("tab", ["in_hand", "closed", "overdue", "nonsense"])
def test_a_place_in_the_list_that_was_tampered_with_breaks_nothing(app, sign_in, place, tab):
    accepted()
    client = sign_in("village")
    assert is_fine(client.get("/cases/", query_string={"after": place, "tab": tab})).status_code in (200, 404)


def test_filters_and_words_that_make_no_sense_find_nothing_and_break_nothing(app, sign_in):
    accepted()
    client = sign_in("village")
    for nasty in NASTY:
        for name in ("category", "risk", "view", "tab"):
            assert is_fine(client.get("/cases/", query_string={name: nasty})).status_code in (200, 404), (name, nasty)
        answer = is_fine(client.get("/search", query_string={"q": nasty}))
        assert answer.status_code == 200
        assert "<script>alert" not in answer.text


# Signing in, the language, a leader's page, limits, feedback.


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "/\\evil.example", "\\\\evil", "//[",
                                    "javascript:alert(1)",
                                    "/\x00", "http:evil", "///evil", "/%0d%0aX: y", "\r\nX: y", "", "/cases/"])  # fmt: skip
def test_nobody_is_led_elsewhere(app, target):
    for address, form in (
        ("/sign-in", {"username": "grid", "password": "lianhu-demo"}),
        ("/language", {"language": "en"}),
    ):
        answer = is_fine(app.test_client().post(address, data=form | {"next": target}))
        assert answer.status_code in (302, 303)
        assert answer.location.startswith("/")
        assert not answer.location.startswith(("//", "/\\"))


def test_signing_in_with_anything_breaks_nothing(app):
    client = app.test_client()
    for nasty in [*NASTY, ""]:
        for form in ({"username": nasty, "password": "x"}, {"username": "grid", "password": nasty}, {}):
            answer = is_fine(client.post("/sign-in", data=form))
            assert answer.status_code in (401, 422), nasty


def test_an_unknown_account_and_a_wrong_password_are_answered_alike(app):
    client = app.test_client()
    answers = [client.post("/sign-in", data={"username": name, "password": "wrong"}) for name in ("grid", "nobody")]
    texts = [answer.text.replace("grid", "").replace("nobody", "") for answer in answers]
    assert answers[0].status_code == answers[1].status_code == 401
    assert texts[0].split("csrf_token")[0] == texts[1].split("csrf_token")[0]


@pytest.mark.parametrize(
    ("form", "code"),
    [({}, 422), ({"kind": "danger"}, 422), ({"words": TYPED}, 422), ({"kind": "ufo", "words": TYPED}, 422),
     ({"kind": "danger", "words": "字" * 501}, 422), ({"kind": "danger", "words": TYPED, "id": "x"}, 200)],
)  # fmt: skip
def test_a_leaders_page_that_is_not_right_is_given_back(app, form, code):
    secret = db.session.scalars(select(HouseholdGroup)).first().make_link(NOON)
    db.session.commit()
    answer = is_fine(app.test_client().post(f"/r/{secret}", data=form))
    assert answer.status_code == code
    assert code == 200 or form.get("words", "") in answer.text
    assert count(Case) == (code == 200)


def test_nothing_that_is_sent_by_a_leader_breaks_the_page(app):
    secret = db.session.scalars(select(HouseholdGroup)).first().make_link(NOON)
    db.session.commit()
    for nasty in NASTY:
        right = {"kind": "help", "words": TYPED}
        for form in (right | {"words": nasty}, right | {"kind": nasty}, right | {"id": nasty}):
            assert is_fine(app.test_client().post(f"/r/{secret}", data=form)).status_code in (200, 422), nasty
        assert is_fine(app.test_client().get("/r/x", query_string={"x": nasty})).status_code == 404


def test_a_leaders_report_sent_twice_is_one_case(app):
    secret = db.session.scalars(select(HouseholdGroup)).first().make_link(NOON)
    form = {"kind": "danger", "words": TYPED, "id": str(new_id())}
    db.session.commit()
    answers = [app.test_client().post(f"/r/{secret}", data=form) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert count(Case) == 1


def test_limits_that_make_no_sense_are_refused(app, sign_in):
    client = sign_in("admin")
    good = {"name": "accept_within", "amount": "2", "unit": "working days"}
    for field in good:
        for nasty in [*NASTY, "", "1.5", "1000000"]:
            assert is_fine(client.post("/admin/limits", data=good | {field: nasty})).status_code in (302, 422), (
                field,
                nasty,
            )
    assert client.get("/admin/limits").status_code == 200
    assert sign_in("grid").post("/cases/new", data=a_report()).status_code == 302, "a case can still be reported"


def test_feedback_that_is_empty_or_too_long_is_given_back(app, sign_in):
    client = sign_in("leader")
    for text, code in (("", 422), ("字" * 1001, 422), (TYPED, 302), ("<script>alert(1)</script>", 302)):
        answer = is_fine(client.post("/feedback", data={"text": text}))
        assert answer.status_code == code
        assert code == 302 or text in answer.text
    for nasty in NASTY:
        assert is_fine(client.post("/feedback", data={"text": nasty})).status_code in (302, 422)
    assert "<script>alert" not in sign_in("admin").get("/admin/feedback").text


def test_when_something_does_break_the_page_says_so_without_a_trace_and_keeps_the_words(app, sign_in, monkeypatch):
    """A file whose bytes are gone stands for everything that must not happen."""
    case, client = accepted(), sign_in("village")
    gone = Attachment(case_id=case.id, digest="0" * 64, name="a.jpg", media_type="image/jpeg", size=1, at=NOON)
    db.session.add(gone)
    db.session.commit()
    id = gone.id
    db.session.commit()
    monkeypatch.setitem(app.config, "TESTING", False)
    answer = client.get(f"/cases/files/{id}")
    assert answer.status_code in (404, 500)
    assert "Traceback" not in answer.text
    assert "Error" not in answer.text


def test_addresses_used_the_wrong_way_are_explained(app, sign_in):
    client = sign_in("village")
    assert is_fine(client.post("/")).status_code == 405
    assert is_fine(client.get("/sign-out")).status_code == 405
    assert is_fine(client.put("/cases/new")).status_code == 405
    assert is_fine(client.get("/nowhere")).status_code == 404


def test_the_parties_of_a_case_are_asked_for_their_consent_each(app, sign_in):
    """A consent that was not given cannot be sent along."""
    case = in_progress("mediator")
    act(case, "add_party", "village", party_name="王某", party_side="applicant")
    act(case, "add_party", "village", party_name="李某", party_side="respondent")
    client = sign_in("mediator")
    for consents in ([], ["x"], [str(new_id())]):
        answer = is_fine(client.post(address_of(case, "start_mediation"), data=an_operation(case, consents=consents)))
        assert answer.status_code in (409, 422)
    db.session.rollback()
    assert db.session.scalar(select(Case._state)) == "in_progress"


def test_a_form_sent_as_json_is_an_empty_form(sign_in):
    """Flask-WTF would read it, and numbers in it would break fields made for text."""
    answer = sign_in("grid").post("/cases/new", json={"kind": 1, "area": [2], "description": {}})
    assert answer.status_code == 422
