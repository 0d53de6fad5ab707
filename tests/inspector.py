"""What every page must be: in a language, titled, with one heading, labelled fields, unique ids, and nothing inline."""

from html.parser import HTMLParser

UNLABELLED = ("hidden", "submit", "button")


class Page(HTMLParser):
    """The few facts about a page that its rules are about."""

    def __init__(self) -> None:
        super().__init__()
        self.lang, self.title, self.headings = "", "", 0
        self.ids: list[str] = []
        self.labelled: set[str] = set()
        self.fields: list[dict] = []
        self.inline: list[str] = []
        self._inside: list[str] = []

    def handle_starttag(self, tag, attributes):
        """Take note of one element."""
        found = dict(attributes)
        self._inside.append(tag)
        self.lang = found.get("lang", "") if tag == "html" else self.lang
        self.headings += tag == "h1"
        self.ids += [found["id"]] if "id" in found else []
        self.labelled |= {found["for"]} if tag == "label" and "for" in found else set()
        if tag in ("input", "select", "textarea") and found.get("type") not in UNLABELLED:
            self.fields.append(found | {"inside label": "label" in self._inside})
        if "style" in found or tag == "style" or any(name.startswith("on") for name in found):
            self.inline.append(f"<{tag}>")
        if tag == "script" and "src" not in found:
            self.inline.append("<script>")

    def handle_data(self, data):
        """Read the title."""
        self.title += data if self._inside[-1:] == ["title"] else ""

    def handle_endtag(self, tag):
        """Leave an element."""
        while self._inside and self._inside.pop() != tag:
            continue


def _has_label(field: dict, labelled: set[str]) -> bool:
    return field["inside label"] or field.get("id") in labelled or bool(field.get("aria-label"))


def inspect(html: str) -> None:
    """Fail with the first rule a page breaks."""
    page = Page()
    page.feed(html)
    assert page.lang in ("zh-CN", "en"), "The page does not say its language."
    assert page.title.strip(), "The page has no title."
    assert page.headings == 1, f"The page has {page.headings} main headings."
    twice = {id for id in page.ids if page.ids.count(id) > 1}
    assert not twice, f"Ids used twice: {sorted(twice)}."
    nameless = [f for f in page.fields if not _has_label(f, page.labelled)]
    assert not nameless, f"Fields without a label: {[f.get('name') for f in nameless]}."
    assert not page.inline, f"Inline code or style: {page.inline}."
