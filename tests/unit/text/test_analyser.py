"""The analyser that both keyword engines and the query share."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.text import analyser


def test_english_is_lower_cased_and_stemmed() -> None:
    assert analyser.tokens("Swimming Pools") == ["swim", "pool"]


def test_a_long_chinese_word_comes_with_the_words_in_it() -> None:
    assert {"北京", "大学", "北京大学"} <= set(analyser.tokens("北京大学"))


def test_both_scripts_give_the_same_tokens() -> None:
    assert analyser.tokens("機場接送") == analyser.tokens("机场接送")


def test_numbers_and_apostrophes_stay_whole() -> None:
    assert analyser.tokens("King's Cross 4.5") == ["king", "cross", "4.5"]


def test_a_query_leaves_out_what_every_query_has() -> None:
    assert analyser.query("I want a hotel with a pool") == ["pool"]
    assert analyser.query("我想找一家有泳池的酒店") == ["泳池"]


def test_a_query_says_each_word_once() -> None:
    assert analyser.query("pool pools POOL") == ["pool"]


@given(st.lists(st.text(max_size=40), max_size=4))
def test_a_field_holds_the_tokens_of_its_texts(texts: list[str]) -> None:
    wanted = [token for text in texts for token in analyser.tokens(text)]
    assert analyser.field(texts).split() == wanted


@given(st.text())
def test_tokens_survive_the_engines_blanks(text: str) -> None:
    assert all(
        token and not token.isspace() and " " not in token for token in analyser.tokens(text)
    )


@given(
    texts=st.lists(
        st.text("北京天安门店，。、(（'.-“ ” aB1２，,the hotel's", max_size=80), max_size=4
    )
)
def test_a_field_has_the_tokens_of_its_texts_whatever_is_remembered(texts: list[str]) -> None:
    expected = [token for text in texts for token in analyser.tokens(text)]
    assert analyser.field(texts).split() == expected
    assert analyser.field(texts).split() == expected
