"""Names and values of parameters, drawn at random, of which most are not quite what they should be."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import strategies as st

# The pieces of times: those that are right, and those that nearly are.
DAYS = (
    "2013-12-03",
    "2012-02-29",
    "2013-02-29",
    "2013-13-01",
    "0000-01-01",
    "2013-1-03",
    "2013/12/03",
    "\u0662013-12-03",
    "",
)
LETTERS_T = ("T", "", " ", "t", "TT")
CLOCKS = (
    "11:46",
    "11:46:40",
    "11:46:40.500",
    "24:00",
    "23:60",
    "23:59:60",
    "1:46",
    "11",
    "11:4\u0666",
    "11:46.500",
    "",
)
FRACTIONS = ("11:46:40.5", "11:46:40.50", "11:46:40.5000", "11:46:40.", "11:46:40,500", "11:46:40.+50", "11:46:40:00")
OFFSETS = (
    "",
    "Z",
    "z",
    "+05:45",
    "-23:59",
    "+24:00",
    "-00:60",
    "+0600",
    "+06",
    "+6:00",
    " 06:00",
    "-\u06606:00",
    "ZZ",
    "\n",
)

list_soup = st.one_of(
    st.text("0153+-@_,.aZ*# é;%'\\?[]^", max_size=10),
    st.lists(st.sampled_from(("5300", "5", "-", "--", ",", ",", "@", "_", "a", "0", "+", " ", "é"))).map("".join),
)
time_soup = st.one_of(
    st.text("0123456789-:T.Z+ nowz", max_size=26),
    st.builds("{}{}{}{}".format, *map(st.sampled_from, (DAYS, LETTERS_T, CLOCKS + FRACTIONS, OFFSETS))),
    st.sampled_from(
        (
            "NOW",
            "now ",
            "now\n",
            "nowZ",
            "0000000000",
            "9999999999",
            "138610090",
            "138610090\u0661",
            "13861009010",
            "-386100901",
        )
    ),
)
number_soup = st.one_of(
    st.text("0159-+. \u0663xe", max_size=5),
    st.sampled_from(("\u0663", "5\n", " 5", "5 ", "+5", "-5", "-0", "5.0", "0x5", "5e0", "1_0", "\u00b2", "\uff15")),
)
soups: Mapping[str, st.SearchStrategy[str]] = {
    "format": st.sampled_from(("", "yaml", "csv ", "JSON,csv", "\uff43sv", "json\n")),
    **dict.fromkeys(("caller", "callee", "answeredby"), list_soup),
    **dict.fromkeys(("startTime", "endTime"), time_soup),
    **dict.fromkeys(("numRecords", "offset", "minDur", "maxDur"), number_soup),
}
anything = st.text(st.characters(exclude_characters="\0"), max_size=12)  # lone surrogates too; a text ends at a NUL
names = st.one_of(
    st.sampled_from((*soups, "caler", "sstartTime", "", " caller", "caller ", "\u017ftartTime", "timeFilterType")),
    anything,
)
