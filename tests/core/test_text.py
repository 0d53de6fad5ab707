"""Chinese text is found by any of its words, however short."""

from hypothesis import example, given
from hypothesis import strategies as st

from core.text import TOKEN, body, grams, phrases, tokens

CHINESE = st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF)
WRITTEN = st.text(st.one_of(CHINESE, st.sampled_from("，。！？ 〔〕-（）\n\t"), st.characters(codec="utf-8")))


def test_each_chinese_character_is_a_token_and_each_run_of_letters_and_digits():
    assert tokens("第3网格，Tel: 16000001234，AB12-cd") == ["第", "3", "网", "格", "tel", "16000001234", "ab12", "cd"]


def test_rare_characters_are_tokens_too():
    assert tokens("㐂𠮷𰻝豈") == ["㐂", "𠮷", "𰻝", "豈"]


def test_punctuation_and_signs_are_not_looked_for():
    assert tokens("！？，。“”* \" ' % _ ~ -- ; /* */ 😀") == []
    assert phrases("！？ 。") == []


def test_words_between_spaces_are_looked_for_each():
    assert phrases("  排水沟  王某 ") == ["排 水 沟", "王 某"]


def test_the_body_stands_between_spaces_and_leaves_out_what_is_empty():
    assert body("排水", "", "沟") == " 排 水 沟 "
    assert body() == "  "


def test_grams_are_every_token_and_every_pair_of_single_characters():
    assert grams(" 排 水 沟 abcd ").split() == ["排", "水", "沟", "abcd", "排水", "水沟"]
    assert grams(" 水 水 水 ").split() == ["水", "水水"]


@given(st.text(CHINESE, min_size=1), st.data())
@example("水水", None)
def test_any_part_of_a_chinese_text_is_found_as_a_phrase_of_its_body(text, data):
    start = data.draw(st.integers(0, len(text) - 1)) if data else 0
    part = text[start : data.draw(st.integers(start + 1, len(text)))] if data else text
    [phrase] = phrases(part)
    assert f" {phrase} " in body(text)
    assert set(grams(phrase).split()) <= set(grams(body(text)).split())


@given(WRITTEN, WRITTEN)
def test_whatever_was_written_is_found_by_writing_it_again(first, second):
    for phrase in phrases(second):
        assert f" {phrase} " in body(first, second)


@given(st.text())
def test_tokens_hold_nothing_that_a_query_language_could_mistake(text):
    assert all(TOKEN.fullmatch(token) for token in tokens(text))
    assert all(phrase.replace(" ", "").isalnum() or TOKEN.search(phrase) for phrase in phrases(text))
