"""Reading a CSV file that somebody made in a spreadsheet: its encoding is found out, and all its faults are told at once."""

import csv
import io
from pathlib import Path

MOST_BYTES = 64 * 1024 * 1024


class Faults(Exception):
    """What is wrong with a file, one line for each fault, with the file's line numbers."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


def read_rows(file: str | Path, columns: tuple[str, ...]) -> list[tuple[int, dict[str, str]]]:
    """The rows of a CSV file with their line numbers; every value is trimmed.

    UTF-8 with or without a mark and GB18030 are read. Raises ``Faults`` for another encoding, for a file without
    rows, or where one of ``columns`` is missing.
    """
    reader = csv.DictReader(io.StringIO(decoded(Path(file).read_bytes()), newline=""))
    present = [name.strip() for name in reader.fieldnames or []]
    if missing := [name for name in columns if name not in present]:
        raise Faults(
            [f"line 1: the column {name} is missing (found: {', '.join(present) or 'nothing'})" for name in missing]
        )
    rows = [
        (reader.line_num, {k.strip(): (v or "").strip() for k, v in row.items() if isinstance(k, str)})
        for row in reader
    ]
    if not rows:
        raise Faults(["The file has a heading but no rows."])
    return rows


def decoded(content: bytes) -> str:
    """The text of a file in UTF-8 or GB18030. Raises ``Faults`` if it is neither, or too large."""
    if len(content) > MOST_BYTES:
        raise Faults([f"The file is larger than {MOST_BYTES // 2**20} MB."])
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Faults(["The file is neither UTF-8 nor GB18030. Save it again as CSV UTF-8."])
