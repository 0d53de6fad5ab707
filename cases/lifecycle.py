"""THE TABLE: every operation on a case, who may do it, what must be said, on what condition, and the limit of what follows. Pure.

A row aloud: "An *assigned* case may be *returned* by the *handler*, and becomes *accepted*; the *reason* must be
said; only if *it can still be returned*; the next step is due within the *triage* limit." Legal and practical
sources of rows and limits: docs/rules.md.
"""

from typing import Any

from cases.dictionaries import may_be_mediated
from core.calendar import Limit
from core.lifecycle import ALWAYS, KEEP, NO_LIMIT, WHERE_IT_WAS, Attempt, Guard, Lifecycle, from_any
from grid.roles import COUNTY, VILLAGE, is_above

# Capacities: what somebody is to this very case. cases/capacities.py says who has which.
GRID_WORKER, REPORTER, CENTRE, UPPER, HANDLER, MEDIATOR, CO_HANDLER, LEADER = (
    "grid_worker", "reporter", "centre", "higher_centre", "handling_unit", "mediator", "co_handler", "leader",
)  # fmt: skip
CAPACITIES = (GRID_WORKER, REPORTER, CENTRE, UPPER, HANDLER, MEDIATOR, CO_HANDLER, LEADER)
REVIEWER = (CENTRE, UPPER)
AT_THE_DOOR = (GRID_WORKER, CENTRE)
INVOLVED = (CENTRE, HANDLER, MEDIATOR, CO_HANDLER, GRID_WORKER, UPPER)

MAX_RETURNS = 2
RED, ORANGE, YELLOW, BLUE = "red", "orange", "yellow", "blue"
RISKS = (RED, ORANGE, YELLOW, BLUE)
NORMAL, SENSITIVE, RESTRICTED = "normal", "sensitive", "restricted"
CONFIDENTIALITIES = (NORMAL, SENSITIVE, RESTRICTED)
SIMPLE, GENERAL, COMPLEX = "simple", "general", "complex"
HANDLINGS = (SIMPLE, GENERAL, COMPLEX)
SKIP_REASONS = ("red_risk", "conflict_of_interest", "required_by_law")

LIMITS = {
    "accept_within": Limit(1, "working days"),
    "triage_within": Limit(1, "working days"),
    "acknowledge_within": Limit(1, "working days"),
    "return_window": Limit(2, "working days"),
    "handle_simple": Limit(1, "days"),
    "handle_general": Limit(7, "days"),
    "handle_complex": Limit(20, "days"),
    "mediation_limit": Limit(1, "months"),
    "review_within": Limit(3, "working days"),
    "follow_up_after_close": Limit(7, "days"),
    "archive_within": Limit(30, "days"),
    "watch_after_transfer": Limit(60, "days"),
}
BY_HANDLING = {"handle": {handling: f"handle_{handling}" for handling in HANDLINGS}}
"""A limit of the table that depends on how hard the case was judged to be."""

GUARDS: dict[str, Guard] = {
    "the matter is settled and nobody is in danger": (
        lambda case, attempt: case.risk not in (RED, ORANGE) and case.conflict_area_id is None
    ),
    "it was returned less than twice, or you are the county centre": (
        lambda case, _: case.returns < MAX_RETURNS or case.centre.level == COUNTY
    ),
    "it can still be returned": (
        lambda case, attempt: case.returns < MAX_RETURNS and attempt.at <= (case.return_until or attempt.at)
    ),
    "people's mediation can take it and all parties agree": (
        lambda case, attempt: (
            attempt.facts.get("consents") == "yes" and may_be_mediated(case.category, case.dispute_type)
        )
    ),
    "a session was held": lambda case, _: case.sessions > 0,
    "the parties were told which other ways the law gives them": lambda case, a: a.facts.get("notice_given") == "yes",
    "there is a higher level, and a level is skipped only for red risk, conflict of interest or law": (
        lambda case, attempt: case.centre.level != COUNTY and _may_skip(case, attempt.facts.get("skip_reason"))
    ),
    "that centre lies below yours": (
        lambda case, a: (
            case.centre.level != VILLAGE
            if (unit := a.facts.get("unit")) is None
            else is_above(case.centre.level, unit.level) and unit.area.path.startswith(case.centre.area.path)
        )
    ),
    "you did not handle it, and the county centre reviews orange and red": (
        lambda case, a: _did_not_handle(case, a) and (case.risk not in (RED, ORANGE) or _is_county(a))
    ),
    "you did not handle it": lambda case, attempt: _did_not_handle(case, attempt),
    "the file is complete or the gap is explained": (
        lambda case, a: a.facts.get("file_complete") == "yes" or bool(a.facts.get("gap"))
    ),
    "the limit has not run out": lambda case, attempt: case.due_at is not None and attempt.at <= case.due_at,
    "it is a township or the county that calls": lambda case, attempt: case.centre.level != VILLAGE,
    "supervision rises": lambda case, attempt: int(attempt.facts["supervision"]) > case.supervision,
    "it is under supervision": lambda case, attempt: case.supervision > 0,
}


JUDGED_WHEN_SAID = (
    "people's mediation can take it and all parties agree",
    "the parties were told which other ways the law gives them",
    "the file is complete or the gap is explained",
    "supervision rises",
)
"""Guards that look at what is said; the others decide which buttons a page shows."""


def _may_skip(case: Any, reason: object) -> bool:
    return not reason or reason in SKIP_REASONS[1:] or bool(case.risk == RED)


def _did_not_handle(case: Any, attempt: Attempt) -> bool:
    return attempt.person_id not in (case.result_by_id, case.handler_id)


def _is_county(attempt: Attempt) -> bool:
    return bool(getattr(attempt.post, "level", None) == COUNTY)


WORKING = ("in_progress", "mediating")
OPEN = ("reported", "accepted", "assigned", *WORKING, "feedback_submitted", "suspended")
TIMED_OPEN = ("reported", "accepted", "assigned", *WORKING, "feedback_submitted")
NOT_REVIEWED = tuple(state for state in OPEN if state != "feedback_submitted")
ENDED = ("closed", "followed_up", "archived", "transferred_out")
EVERY = (*OPEN, "closed", "followed_up", "transferred_out")

# fmt: off
LIFECYCLE = Lifecycle(
    # source             | action            | target               | actors                  | must be said              | only if                                                                   | limit of the next step
    ("reported",           "accept",           "accepted",            (CENTRE,),                "",                         ALWAYS,                                                                     "triage_within"),
    ("reported",           "decline",          "declined",            (CENTRE,),                "reason where_to_go",       ALWAYS,                                                                     NO_LIMIT),
    ("reported",           "merge",            "merged",              (CENTRE,),                "survivor",                 ALWAYS,                                                                     NO_LIMIT),
    ("reported",           "settle",           "closed",              AT_THE_DOOR,              "result",                   "the matter is settled and nobody is in danger",                            "follow_up_after_close"),

    ("accepted",           "assign",           "assigned",            (CENTRE,),                "unit handling",            "it was returned less than twice, or you are the county centre",            "acknowledge_within"),
    ("accepted",           "delegate",         "accepted",            (CENTRE,),                "unit reason",              "that centre lies below yours",                                             "triage_within"),
    ("assigned",           "acknowledge",      "in_progress",         (HANDLER,),               "",                         ALWAYS,                                                                     "handle"),
    ("assigned",           "recall",           "accepted",            (CENTRE,),                "reason",                   ALWAYS,                                                                     "triage_within"),
    ("assigned",           "return",           "accepted",            (HANDLER,),               "reason",                   "it can still be returned",                                                 "triage_within"),

    ("in_progress",        "start_mediation",  "mediating",           (MEDIATOR,),              "consents",                 "people's mediation can take it and all parties agree",                      "mediation_limit"),
    ("mediating",          "hold_session",     "mediating",           (MEDIATOR,),              "held_at place note",       ALWAYS,                                                                     KEEP),
    ("mediating",          "agree",            "feedback_submitted",  (MEDIATOR,),              "agreement_form terms",     "a session was held",                                                       "review_within"),
    ("mediating",          "fail_mediation",   "in_progress",         (MEDIATOR,),              "reason notice_given",      "the parties were told which other ways the law gives them",                "handle"),
    ("in_progress",        "submit_result",    "feedback_submitted",  (HANDLER,),               "result outcome",           ALWAYS,                                                                     "review_within"),

    ("feedback_submitted", "approve",          "closed",              REVIEWER,                 "",                         "you did not handle it, and the county centre reviews orange and red",      "follow_up_after_close"),
    ("feedback_submitted", "send_back",        "in_progress",         REVIEWER,                 "reason",                   "you did not handle it, and the county centre reviews orange and red",      "handle"),
    ("closed",             "follow_up",        "followed_up",         (CENTRE, UPPER, GRID_WORKER), "satisfaction note",    "you did not handle it",                                                    "archive_within"),
    ("followed_up",        "archive",          "archived",            (CENTRE,),                "file_complete",            "the file is complete or the gap is explained",                             NO_LIMIT),
    ("transferred_out",    "archive",          "archived",            (CENTRE,),                "file_complete",            "the file is complete or the gap is explained",                             NO_LIMIT),
    ("suspended",          "resume",           WHERE_IT_WAS,          REVIEWER,                 "reason",                   ALWAYS,                                                                     KEEP),

    *from_any(("accepted", "in_progress"), "escalate", "accepted",    (CENTRE, HANDLER),        "reason steps_tried",       "there is a higher level, and a level is skipped only for red risk, conflict of interest or law", "triage_within"),
    *from_any(("accepted", "assigned", "in_progress"), "transfer_out", "transferred_out", (CENTRE,), "destination receipt reason", ALWAYS,                                                             "watch_after_transfer"),
    *from_any(ENDED,       "reopen",           "accepted",            REVIEWER,                 "reason",                   ALWAYS,                                                                     "triage_within"),
    *from_any(("reported",), "withdraw",       "withdrawn",           (REPORTER, CENTRE),       "reason",                   ALWAYS,                                                                     NO_LIMIT),
    *from_any(OPEN[1:],    "withdraw",         "withdrawn",           (CENTRE,),                "reason",                   ALWAYS,                                                                     NO_LIMIT),

    *from_any(("accepted", "assigned", *WORKING), "whistle", None,    (CENTRE,),                "units place meet_at reason", "it is a township or the county that calls",                              KEEP),
    *from_any(TIMED_OPEN[1:], "extend",        None,                  (UPPER,),                 "days reason",              "the limit has not run out",                                                KEEP),
    *from_any(TIMED_OPEN[1:], "suspend",       "suspended",           (UPPER,),                 "waiting_for reason",       ALWAYS,                                                                     NO_LIMIT),
    *from_any(EVERY,       "feedback",         None,                  INVOLVED,                 "note",                     ALWAYS,                                                                     KEEP),
    *from_any(OPEN,        "add_party",        None,                  INVOLVED,                 "party_name party_side",    ALWAYS,                                                                     KEEP),
    *from_any(OPEN,        "classify",         None,                  REVIEWER,                 "category confidentiality", ALWAYS,                                                                     KEEP),
    *from_any(("feedback_submitted",), "grade", None,                 (UPPER,),                 "risk reason",              ALWAYS,                                                                     KEEP),
    *from_any(NOT_REVIEWED, "grade",           None,                  (CENTRE, UPPER, HANDLER), "risk reason",              ALWAYS,                                                                     KEEP),
    *from_any(OPEN,        "name_person",      None,                  (CENTRE, HANDLER, UPPER), "person reason",            ALWAYS,                                                                     KEEP),
    *from_any(OPEN,        "mark_urgent",      None,                  REVIEWER,                 "urgent reason",            ALWAYS,                                                                     KEEP),
    *from_any(OPEN,        "mark_legacy",      None,                  (UPPER,),                 "legacy reason",            ALWAYS,                                                                     KEEP),
    *from_any(OPEN,        "supervise",        None,                  (UPPER,),                 "supervision note",         "supervision rises",                                                        KEEP),
    *from_any(OPEN,        "lift_supervision", None,                  (UPPER,),                 "reason",                   "it is under supervision",                                                  KEEP),
    *from_any(EVERY,       "instruct",         None,                  (LEADER,),                "note",                     ALWAYS,                                                                     KEEP),
    *from_any(OPEN,        "absorb",           None,                  (CENTRE,),                "other",                    ALWAYS,                                                                     KEEP),

    initial="reported", limits={**LIMITS, "handle": LIMITS["handle_general"]}, guards=GUARDS,
    judged_when_said=JUDGED_WHEN_SAID,
)
# fmt: on

TO_ACCEPT, IN_HAND, SUSPENDED, TO_REVIEW, TO_FOLLOW_UP, TO_ARCHIVE, DONE = (
    "to_accept", "in_hand", "suspended", "to_review", "to_follow_up", "to_archive", "done",
)  # fmt: skip
BUCKETS = {
    "reported": TO_ACCEPT, "accepted": IN_HAND, "assigned": IN_HAND, "in_progress": IN_HAND, "mediating": IN_HAND,
    "suspended": SUSPENDED, "feedback_submitted": TO_REVIEW, "closed": TO_FOLLOW_UP, "followed_up": TO_ARCHIVE,
    "transferred_out": TO_ARCHIVE, "archived": DONE, "declined": DONE, "merged": DONE, "withdrawn": DONE,
}  # fmt: skip
"""Which heap of the work queue a state lies on."""
