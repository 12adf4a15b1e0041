"""check.py TESTS: the tables at the tops of the test files are true.

A table pairs names of tests of other libraries with names of tests here:

    /* Elsewhere, and here:
     * test_tasks.py:
     *   test_cancel_yield -> cancel.of_a_running_task_asks_it
     */

Each name on the right is a Test(suite, name), or a stress program. Each name
that elsewhere.txt has without a reason why it does not fit is on the left of
some table, and nothing else is. Each row of the table of semantics, numbered
as below, is named in a comment on or above a test ("row 29a", "rows 3, 4"),
or in the first comment of a file that is about it as a whole.
"""

import pathlib
import re
import sys

ROWS = {str(row) for row in range(1, 57)} | {
    "19a", "19b", "29a", "42a", "42b", "42c"}

TEST = re.compile(r"^Test\((\w+), (\w+)\)(.*)", re.M)
COMMENT = re.compile(r"/\*.*?\*/", re.S)
SOURCE = re.compile(r"^([\w/.-]+\.(?:py|rs|c|cpp)):$")
PAIR = re.compile(r"^(?:(\S+) )?-> (\w+(?:\.\w+)?)$")
NUMBER = re.compile(r"\b\d+[a-c]?\b")
NAMED_ROWS = re.compile(r"\brows? (\d+[a-c]?(?:(?:, | and )\d+[a-c]?)*)")
TRAILING_ROWS = re.compile(r"/\* (\d+[a-c]?(?:, \d+[a-c]?)*) \*/")


def flat(comment):
    """Its lines, without what makes it a comment."""
    lines = comment[2:-2].split("\n")
    return [line.strip().removeprefix("*").strip() for line in lines]


def tables(text):
    """(file elsewhere, name there, name here) of each pair."""
    for comment in COMMENT.findall(text):
        source = left = None
        for line in flat(comment):
            pair = PAIR.match(line)
            if SOURCE.match(line):
                source = SOURCE.match(line)[1]
            elif pair and source:
                yield source, pair[1] or left, pair[2]
            left = line


def rows(text):
    """The rows that are named on a test, or in the file's first comment."""
    comments = [COMMENT.match(text)]
    for test in TEST.finditer(text):
        above = COMMENT.findall(text, 0, test.start())
        if above and text[:test.start()].endswith(above[-1] + "\n"):
            comments.append(re.match(".*", above[-1], re.S))
        comments.append(re.match(".*", test[3]))
        for trailing in TRAILING_ROWS.findall(test[3]):
            yield from NUMBER.findall(trailing)
    for comment in comments:
        words = " ".join(flat(comment[0])) if comment else ""
        for named in NAMED_ROWS.findall(words):
            yield from NUMBER.findall(named)


def expected(listing):
    """(file elsewhere, name there) of each that fits, and of each that does
    not."""
    fits, others, source = set(), set(), None
    for line in listing.splitlines():
        if SOURCE.match(line):
            source = SOURCE.match(line)[1]
        elif line.startswith("    "):
            others |= {(source, name) for name in line.split()}
        elif line.startswith("  ") and not line.endswith(":"):
            fits |= {(source, name) for name in line.split()}
    return fits, others


def complaints(folder):
    files = sorted(folder.glob("*_test.c")) + sorted(
        folder.glob("*_stress.c")) + sorted(folder.glob("fault/*_test.c"))
    texts = {file: file.read_text() for file in files}
    tests = {file.stem for file in files if file.stem.endswith("_stress")}
    named, paired = set(), set()
    for text in texts.values():
        tests |= {f"{test[1]}.{test[2]}" for test in TEST.finditer(text)}
    fits, others = expected((folder / "suites/elsewhere.txt").read_text())
    for file, text in texts.items():
        for source, there, here in tables(text):
            paired.add((source, there))
            if here not in tests:
                yield f"{file.name}: no test {here}"
            if (source, there) not in fits:
                yield f"{file.name}: {source} has no {there} that fits"
        for row in rows(text):
            named.add(row)
            if row not in ROWS:
                yield f"{file.name}: no row {row}"
    for source, there in sorted(fits - paired):
        yield f"in no table: {source} {there}"
    for row in sorted(ROWS - named):
        yield f"in no test: row {row}"
    for source, there in sorted(fits & others):
        yield f"fits and does not: {source} {there}"


found = list(complaints(pathlib.Path(sys.argv[1])))
print("\n".join(found))
sys.exit(1 if found else 0)
