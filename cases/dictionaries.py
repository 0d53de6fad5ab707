"""The words cases are sorted by: categories, dispute types (lists A and B, with their mapping), and the buttons of the phone. Pure.

List B is what centres use, list A what justice statistics count; a case keeps the version of the list it was sorted by.
"""

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from core.marks import N_

DATA = Path(__file__).parent / "data"
VERSION = "B-2025.1"

DISPUTE = "dispute"
CATEGORIES = (
    DISPUTE, N_("hazard_safety"), N_("fire"), N_("geohazard"), N_("flood"), N_("traffic"), N_("public_order"),
    N_("environment"), N_("utilities"), N_("livelihood"), N_("care"), N_("health"), N_("opinion"),
)  # fmt: skip
SOURCES = (N_("patrol"), N_("resident"), N_("group_leader"), N_("superior"), N_("hotline_12345"), N_("police_110"),
           N_("court_referral"), N_("petition_office"), N_("sensor"))  # fmt: skip
OUTCOMES = (N_("resolved"), N_("partly_resolved"), N_("not_resolved"))
SIDES = (N_("applicant"), N_("respondent"), N_("other_person"))

PLAIN_KINDS = {
    N_("family"): "0199", N_("neighbour"): "0299", N_("land_boundary"): "0999", N_("house"): "0499",
    N_("wages"): "0703", N_("debt"): "0804", N_("road_traffic"): "0503", N_("medical"): "0502",
    N_("consumer"): "0601", N_("other"): "99",
}  # fmt: skip
"""The ten buttons for quarrels, each with the type it stands for until a clerk refines it."""
LEADER_KINDS = {
    N_("quarrel"): (DISPUTE, "99"), N_("danger"): ("hazard_safety", None), N_("help"): ("livelihood", None),
    N_("something_else"): ("opinion", None),
}  # fmt: skip
"""The four buttons of a group leader's page."""


@dataclass(frozen=True)
class DisputeType:
    """One type of list B, with the type of list A under which it is counted."""

    code: str
    zh: str
    en: str
    list_a: str
    mediable: bool


@cache
def dispute_types() -> dict[str, DisputeType]:
    """List B by code, in order."""
    with (DATA / "dispute_types.csv").open(encoding="utf-8", newline="") as file:
        return {
            row["code"]: DisputeType(row["code"], row["zh"], row["en"], row["list_a"], row["mediable"] == "1")
            for row in csv.DictReader(file)
        }


@cache
def statistics_types() -> dict[str, tuple[str, str]]:
    """List A: Chinese and English names by code."""
    with (DATA / "statistics_types.csv").open(encoding="utf-8", newline="") as file:
        return {row["code"]: (row["zh"], row["en"]) for row in csv.DictReader(file)}


def may_be_mediated(category: str, dispute_type: str | None) -> bool:
    """Whether people's mediation can take it: disputes, but not those with authorities (classes 13 to 16)."""
    if category != DISPUTE:
        return False
    return dispute_types()[dispute_type].mediable if dispute_type in dispute_types() else True
