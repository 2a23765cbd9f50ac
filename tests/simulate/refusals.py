"""What the tests of the simulators' commands share."""

import pytest


def refused(main, argv, words, capsys):
    """The command ends with status 2, and with one line that holds the words and nothing else."""
    with pytest.raises(SystemExit) as stop:
        main(argv.split())
    captured = capsys.readouterr()
    assert stop.value.code == 2
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert captured.err.endswith("\n")
    assert words in captured.err
