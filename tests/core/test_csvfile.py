"""CSV files as spreadsheets save them."""

import pytest

from core.csvfile import Faults, decoded, read_rows

TEXT = "code,name\r\n1,瓮安县\r\n2, 雍阳街道 \r\n"
COLUMNS = ("code", "name")


def a_file(tmp_path, content: bytes):
    """A file of these bytes."""
    file = tmp_path / "some.csv"
    file.write_bytes(content)
    return file


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk"])
def test_what_spreadsheets_write_is_read(tmp_path, encoding):
    rows = read_rows(a_file(tmp_path, TEXT.encode(encoding)), COLUMNS)
    assert rows == [(2, {"code": "1", "name": "瓮安县"}), (3, {"code": "2", "name": "雍阳街道"})]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32"])
def test_another_encoding_is_refused_with_what_to_do(tmp_path, encoding):
    with pytest.raises(Faults) as refused:
        read_rows(a_file(tmp_path, TEXT.encode(encoding)), COLUMNS)
    assert refused.value.lines


def test_bytes_that_are_neither_are_refused_with_what_to_do():
    with pytest.raises(Faults, match="Save it again as CSV UTF-8"):
        decoded("code,name\n1,é\n".encode("latin-1") + b"\xff\xff")


def test_every_missing_column_is_named_with_what_was_found(tmp_path):
    with pytest.raises(Faults) as refused:
        read_rows(a_file(tmp_path, b"code,title\n1,2\n"), ("code", "name", "level"))
    assert refused.value.lines == [
        "line 1: the column name is missing (found: code, title)",
        "line 1: the column level is missing (found: code, title)",
    ]


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", b"\r\n"])
def test_an_empty_file_names_what_is_missing(tmp_path, content):
    with pytest.raises(Faults, match="the column code is missing"):
        read_rows(a_file(tmp_path, content), COLUMNS)


def test_a_heading_alone_is_refused(tmp_path):
    with pytest.raises(Faults, match="a heading but no rows"):
        read_rows(a_file(tmp_path, b"code,name\r\n"), COLUMNS)


def test_a_line_break_inside_quotes_is_part_of_the_value(tmp_path):
    [(line, row)] = read_rows(a_file(tmp_path, b'code,name\r\n1,"two\r\nlines, one value"\r\n'), COLUMNS)
    assert row["name"] == "two\r\nlines, one value"
    assert line == 3, "the last line of the row"


def test_short_and_long_rows_are_read_as_far_as_they_go(tmp_path):
    rows = read_rows(a_file(tmp_path, b"code,name\n1\n2,b,c,d\n"), COLUMNS)
    assert [row for _line, row in rows] == [{"code": "1", "name": ""}, {"code": "2", "name": "b"}]


def test_a_file_of_unreasonable_size_is_refused(monkeypatch):
    monkeypatch.setattr("core.csvfile.MOST_BYTES", 10)
    with pytest.raises(Faults, match="larger than"):
        decoded(bytes(11))
