"""Command lines: one line for what is wrong, and numbers that are ones."""

from __future__ import annotations

import pytest

from engine.flags import Parser, at_least, number


def parser():
    made = Parser(prog="python -m engine.build")
    made.add_argument("--jobs", type=at_least(1))
    made.add_argument("--noise", type=number)
    return made


def test_numbers_are_read():
    args = parser().parse_args(["--jobs", "1", "--noise", "-2.5"])
    assert (args.jobs, args.noise) == (1, -2.5)


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (["--jobs", "0"], "argument --jobs: must be 1 or more, not 0"),
        (["--jobs", "two"], "argument --jobs: invalid whole_number value: 'two'"),
        (["--noise", "nan"], "argument --noise: must be a finite number, not nan"),
        (["--noise", "inf"], "argument --noise: must be a finite number, not inf"),
        (["--other"], "unrecognized arguments: --other"),
    ],
)
def test_what_is_wrong_is_one_line_and_code_2(capsys, flags, says):
    with pytest.raises(SystemExit) as ended:
        parser().parse_args(flags)
    assert ended.value.code == 2
    assert capsys.readouterr().err == f"engine.build: {says}; --help lists what there is\n"
