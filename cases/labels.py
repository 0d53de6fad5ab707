"""The words for what the tables name: a sentence for every operation, and names for fields, kinds and titles. Pure."""

from cases.dictionaries import DISPUTE, PLAIN_KINDS, dispute_types, statistics_types
from cases.lifecycle import NORMAL, RESTRICTED
from core.marks import N_

SENTENCES = {
    "report": N_("%(actor)s reported it."),
    "accept": N_("%(actor)s accepted it."),
    "decline": N_("%(actor)s declined it and said where to go instead."),
    "merge": N_("%(actor)s merged it into another case."),
    "absorb": N_("%(actor)s merged another case into this one."),
    "settle": N_("%(actor)s settled it on the spot."),
    "assign": N_("%(actor)s gave it to a unit to handle."),
    "delegate": N_("%(actor)s gave it to a centre below."),
    "acknowledge": N_("%(actor)s took it on."),
    "recall": N_("%(actor)s took it back from the unit before it began."),
    "return": N_("%(actor)s returned it as not theirs."),
    "start_mediation": N_("%(actor)s opened mediation; all parties agreed to it."),
    "hold_session": N_("%(actor)s held a mediation session."),
    "agree": N_("%(actor)s recorded that the parties reached an agreement."),
    "fail_mediation": N_("%(actor)s ended mediation without agreement and told the parties their other ways."),
    "submit_result": N_("%(actor)s submitted the result."),
    "approve": N_("%(actor)s approved the result and closed the case."),
    "send_back": N_("%(actor)s sent the result back."),
    "follow_up": N_("%(actor)s asked the people concerned how it is now."),
    "archive": N_("%(actor)s put it into the archive."),
    "resume": N_("%(actor)s let it go on."),
    "escalate": N_("%(actor)s passed it up to a higher centre."),
    "transfer_out": N_("%(actor)s handed it over to another authority."),
    "reopen": N_("%(actor)s opened it again."),
    "withdraw": N_("%(actor)s recorded that it was withdrawn."),
    "whistle": N_("%(actor)s called other units to help."),
    "extend": N_("%(actor)s extended the limit."),
    "suspend": N_("%(actor)s suspended it; the clock stands still."),
    "feedback": N_("%(actor)s wrote a note."),
    "add_party": N_("%(actor)s recorded a party."),
    "classify": N_("%(actor)s set what kind of case it is."),
    "grade": N_("%(actor)s set the risk colour."),
    "name_person": N_("%(actor)s let one more person see it."),
    "mark_urgent": N_("%(actor)s changed the urgent mark."),
    "mark_legacy": N_("%(actor)s changed the mark of an old case."),
    "supervise": N_("%(actor)s put it under supervision."),
    "lift_supervision": N_("%(actor)s lifted the supervision."),
    "instruct": N_("%(actor)s gave an instruction."),
}
FIELD_NAMES = {
    "reason": N_("Why"), "where_to_go": N_("Where to go instead"), "survivor": N_("The case that goes on"),
    "other": N_("The other case"), "result": N_("What was done"), "unit": N_("Unit"), "handler": N_("Person in charge"),
    "handling": N_("How hard it is"), "consents": N_("Parties that agree to mediation"), "agreed_on": N_("Agreed on"),
    "held_at": N_("When"), "place": N_("Place"), "note": N_("Note"), "agreement_form": N_("Form of the agreement"),
    "terms": N_("What was agreed"),
    "notice_given": N_("The parties were told they may go to arbitration, the authorities or the court"),
    "outcome": N_("Outcome"), "satisfaction": N_("Are the people satisfied"), "file_complete": N_("Is the file complete"),
    "gap": N_("What is missing, and why"), "skip_reason": N_("Straight to the county because of"),
    "steps_tried": N_("What was tried so far"), "destination": N_("Handed over to"), "receipt": N_("Receipt number"),
    "units": N_("Units called"), "meet_at": N_("When to come"), "days": N_("Days more"), "waiting_for": N_("Waiting for"),
    "party_name": N_("Name"), "party_side": N_("Side"), "party_phone": N_("Phone"), "category": N_("What kind"),
    "dispute_type": N_("Type of dispute"), "confidentiality": N_("Who may see it"), "risk": N_("Risk colour"),
    "person": N_("Person"), "urgent": N_("Urgent"), "legacy": N_("Old case"), "supervision": N_("Kind of supervision"),
    "description": N_("What happened"), "told_by": N_("Told by"), "serial": N_("Number"), "files": N_("Photos or papers"),
    "to_centre": N_("Passed up to"),
}  # fmt: skip
SAID = tuple(name for name in FIELD_NAMES if name not in ("serial", "consents"))
"""The facts of an entry that its page shows, in this order."""
WORDS = (  # names that the tables use as keys and the screens show
    N_("reported"), N_("accepted"), N_("assigned"), N_("in_progress"), N_("mediating"), N_("feedback_submitted"),
    N_("closed"), N_("followed_up"), N_("archived"), N_("suspended"), N_("declined"), N_("merged"), N_("withdrawn"),
    N_("transferred_out"), N_("where it was"),
    N_("accept"), N_("decline"), N_("merge"), N_("settle"), N_("assign"), N_("delegate"), N_("acknowledge"), N_("return"),
    N_("recall"),
    N_("start_mediation"), N_("hold_session"), N_("agree"), N_("fail_mediation"), N_("submit_result"), N_("approve"),
    N_("send_back"), N_("follow_up"), N_("archive"), N_("resume"), N_("escalate"), N_("transfer_out"), N_("reopen"),
    N_("withdraw"), N_("whistle"), N_("extend"), N_("suspend"), N_("feedback"), N_("add_party"), N_("classify"),
    N_("grade"), N_("name_person"), N_("mark_urgent"), N_("mark_legacy"), N_("supervise"), N_("lift_supervision"),
    N_("instruct"), N_("absorb"), N_("report"),
    N_("red"), N_("orange"), N_("yellow"), N_("blue"), N_("normal"), N_("sensitive"), N_("restricted"),
    N_("simple"), N_("general"), N_("complex"), N_("red_risk"), N_("conflict_of_interest"), N_("required_by_law"),
    N_("grid_worker"), N_("reporter"), N_("centre"), N_("higher_centre"), N_("handling_unit"), N_("mediator"),
    N_("co_handler"), N_("leader"), N_("dispute"), N_("written"), N_("oral"), N_("yes"), N_("no"),
    N_("to_accept"), N_("in_hand"), N_("due_soon"), N_("overdue"), N_("to_review"), N_("to_follow_up"), N_("to_archive"),
    N_("done"),
    N_("satisfied"), N_("partly_satisfied"), N_("not_satisfied"), N_("not_reached"), N_("court"), N_("police"),
    N_("arbitration"), N_("petition"), N_("other_authority"), N_("appraisal"), N_("party_away"), N_("something_else"),
    N_("ordinary"), N_("yellow_card"), N_("red_card"), N_("open"), N_("agreed"), N_("failed"),
    N_("accept_within"), N_("triage_within"), N_("acknowledge_within"), N_("return_window"), N_("handle_simple"),
    N_("handle_general"), N_("handle_complex"), N_("mediation_limit"), N_("review_within"), N_("follow_up_after_close"),
    N_("archive_within"), N_("watch_after_transfer"), N_("handle"), N_("hours"), N_("days"), N_("working days"), N_("months"),
    N_("the limit runs on"), N_("system"),
    N_("centre_staff"), N_("handler"), N_("supervisor"), N_("administrator"),
    N_("county"), N_("township"), N_("village"), N_("grid"), N_("group"), N_("committee"), N_("department"),
    N_("reason"), N_("where_to_go"), N_("survivor"), N_("result"), N_("terms"), N_("place"), N_("note"), N_("gap"),
    N_("steps_tried"), N_("receipt"), N_("destination"), N_("outcome"), N_("satisfaction"), N_("meet_at"),
    N_("the matter is settled and nobody is in danger"), N_("it was returned less than twice, or you are the county centre"),
    N_("it can still be returned"), N_("people's mediation can take it and all parties agree"), N_("a session was held"),
    N_("the parties were told which other ways the law gives them"),
    N_("there is a higher level, and a level is skipped only for red risk, conflict of interest or law"),
    N_("that centre lies below yours"), N_("you did not handle it, and the county centre reviews orange and red"),
    N_("you did not handle it"), N_("the file is complete or the gap is explained"), N_("the limit has not run out"),
    N_("it is a township or the county that calls"), N_("supervision rises"), N_("it is under supervision"),
)  # fmt: skip
PLAIN_KIND_OF = {code: kind for kind, code in PLAIN_KINDS.items()}
SUPERVISION = ("", "ordinary", "yellow_card", "red_card")


def type_name(code: str | None, *, chinese: bool) -> str:
    """The name of a dispute type of list B in one of the two languages; empty for an unknown code."""
    found = dispute_types().get(code or "")
    return (found.zh if chinese else found.en) if found else ""


def counted_as(code: str | None, *, chinese: bool) -> str:
    """The type of list A under which justice statistics count a type of list B; empty for an unknown code."""
    found = dispute_types().get(code or "")
    return statistics_types()[found.list_a][0 if chinese else 1] if found else ""


def title_key(case) -> str | None:
    """What stands in lists instead of the title when that would tell too much (chapter 4.7 of the domain rules)."""
    if case.confidentiality == RESTRICTED:
        return N_("Restricted case")
    return None if case.confidentiality == NORMAL else N_("Private matter")


def kind_key(case) -> str | None:
    """The word to translate: the button that was tapped or the category; None for a type with a name of its own."""
    if case.category != DISPUTE or not case.dispute_type:
        return case.category
    return PLAIN_KIND_OF.get(case.dispute_type)


def masked(name: str) -> str:
    """A name as lists show it: the family name and a star."""
    return f"{name[0]}*" if name else ""


def masked_phone(phone: str) -> str:
    """A phone number with its middle hidden."""
    return f"{phone[:3]}****{phone[-4:]}" if len(phone) >= 11 else phone


def filters() -> dict:
    """What templates call on names and phones."""
    return {"masked": masked, "masked_phone": masked_phone}
