"""What differs between two outputs, however long they are."""

from cronterm.model.comparison import HALF, Printed, changed_lines


def printed(*lines: str) -> Printed:
    """Return an output of whole lines."""
    found = Printed("".join(f"{line}\n" for line in lines).encode())
    found.finish()
    return found


def changes(old: Printed, new: Printed) -> list[str]:
    """Return the difference as text."""
    return [f"{each.sign}{each.text}" for each in changed_lines(old, new)]


def long(first: str, last: str, count: int) -> Printed:
    """Return an output whose lines between the first and the last differ in numbers alone."""
    return printed(first, *(f"line {number} of the import ok" for number in range(2, count)), last)


def test_what_was_first_and_what_was_last_are_found_beside_thousands_that_are_alike() -> None:
    found = changes(long("config PROD", "finished", 3001), long("config TEST", "fatal", 3001))

    assert [each for each in found if each[0] in "-+@"] == [
        "@@ -1,4 +1,4 @@",
        "-config PROD",
        "+config TEST",
        "@@ -2998,4 +2998,4 @@",
        "-finished",
        "+fatal",
    ]


def test_of_logs_that_are_too_long_both_ends_are_compared_with_their_numbers() -> None:
    old, new = long("a PROD", "finished", 40_000), long("a TEST", "fatal", 50_000)

    assert [each for each in changes(old, new) if each[0] in "-+@"] == [
        "@@ -1,4 +1,4 @@",
        "-a PROD",
        "+a TEST",
        "@@ -39997,4 +49997,4 @@",
        "-finished",
        "+fatal",
    ]
    assert (old.count, old.left_out, len(old.lines)) == (40_000, 30_000, 2 * HALF + 1)
    assert new.note(7) == "lines 5,001 to 45,000 of the 50,000 of run 7 are not compared"


def test_a_log_that_just_fits_is_compared_whole() -> None:
    whole = long("a", "b", 2 * HALF)

    assert (whole.left_out, whole.note(1), len(whole.lines)) == (0, "", 2 * HALF)
    assert changes(whole, long("a", "b", 2 * HALF)) == []


def test_a_line_that_came_in_has_its_place_and_its_number() -> None:
    old = printed(*"abcdefgh")
    assert changes(old, printed(*"abcdeXfgh")) == [
        "@@ -3,6 +3,7 @@",
        *(" c", " d", " e", "+X", " f", " g", " h"),
    ]
    assert changes(printed(), printed("a")) == ["@@ -0,0 +1,1 @@", "+a"]


def test_output_is_taken_in_pieces_that_end_anywhere() -> None:
    pieces = Printed(b"on")
    pieces.take(b"e\r\ntw")
    pieces.take(b"o\n\nthree \xc3")
    pieces.take(b"\xa9")
    pieces.finish()

    assert pieces.lines == ["one", "two", "", "three é"]


def test_colours_alone_are_no_difference() -> None:
    assert changes(printed("\x1b[31mred\x1b[0m"), printed("red")) == []
