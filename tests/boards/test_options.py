import pytest

from boards.options import check_options, read_options


def test_options_have_defaults() -> None:
    assert read_options({}).points == 300


def test_a_tables_columns_are_read() -> None:
    options = read_options({"columns": [{"key": "bid", "decimals": 2}, {"key": "change", "change": True}]})
    assert [column.key for column in options.columns] == ["bid", "change"]


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        {"ponits": 5},
        {"points": 100_000},
        {"decimals": -1},
        {"columns": [{}]},
        {"columns": [{"key": "a", "colour": 1}]},
    ],
)
def test_what_no_widget_knows_is_refused_with_a_sentence(wrong: object) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        check_options(wrong)
