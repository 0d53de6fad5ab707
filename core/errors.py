"""The errors a rule raises when the answer is no. Each message is a translatable sentence for the person who asked."""


class Refused(Exception):
    """A rule refused what was asked.

    ``message`` is an English source string with ``%(name)s`` places; ``values`` fills them. Values marked by
    the catalogue as source strings themselves (operations, states, guards) are translated when shown.
    """

    code = "refused"
    """The word by which programs know it."""

    def __init__(self, message: str, **values: object) -> None:
        super().__init__(message % values if values else message)
        self.message = message
        self.values = values


class Conflict(Refused):
    """Somebody else was faster: what was seen is no longer what is there."""


class Moved(Conflict):
    """What was seen has changed since. ``more`` is what it is now, for programs."""

    code = "moved"

    def __init__(self, message: str, **more: object) -> None:
        super().__init__(message)
        self.more = more
