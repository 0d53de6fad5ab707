"""The description of the interface is true: whatever fits it, and much that does not, is answered as it says."""

import jsonschema_rs
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import load_all_checks, not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from cases.models import Case
from tests.cases.test_api import body, how_many
from tests.cases.test_matrix import EVERYBODY
from tests.factories import a_case

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
ADDRESS = "/api/v1/openapi.json"
load_all_checks()


def operations(app, client):
    """The operations as that person's browser would call them."""
    cookie = client.get_cookie("lianhu")

    def signed_in(environ, start_response):
        with app.app_context():
            return app(environ | {"HTTP_COOKIE": f"{cookie.key}={cookie.value}"}, start_response)

    return [found.ok() for found in schemathesis.openapi.from_wsgi(ADDRESS, signed_in).get_all_operations()]


@pytest.mark.parametrize("who", sorted(EVERYBODY))
def test_whatever_is_sent_is_answered_as_described(app, sign_in, who):
    a_case(title="水沟")
    client = sign_in(who)
    for operation in operations(app, client):

        @settings(max_examples=12, deadline=None, database=None, phases=[Phase.generate], derandomize=True,
                  suppress_health_check=list(HealthCheck))  # fmt: skip
        @given(case=operation.as_strategy())
        def holds(case):
            case.call_and_validate(checks=CHECKS)

        holds()
    assert how_many(Case) < 20


def test_the_smallest_body_fits_the_description(sign_in):

    described = sign_in("grid").get(ADDRESS).json
    assert described["openapi"] == "3.1.0"
    fits = jsonschema_rs.Draft202012Validator(described["components"]["schemas"]["Report"]).is_valid
    assert fits(body())
    for wrong in ({"summary": ""}, {"risk": "purple"}, {"colour": "blue"}, {"kind": "quarrel"}):
        assert not fits(body(**wrong)), wrong
