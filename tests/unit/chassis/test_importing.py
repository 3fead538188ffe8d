"""That a process starts without looking for garbage in what it imports, and looks for it afterwards."""

import gc
import subprocess
import sys

import pytest

from chassis.importing import uncollected

LOOKED = "sum(each['collections'] for each in gc.get_stats())"


def test_hardly_anything_is_collected_while_the_chassis_is_imported() -> None:
    program = f"import gc; before = {LOOKED}; import chassis; print({LOOKED} - before, gc.isenabled())"

    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()

    assert int(said[0]) < 10  # some 200 otherwise
    assert said[1] == "True"


def test_whoever_had_turned_it_off_finds_it_off() -> None:
    gc.disable()
    try:
        with uncollected():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_it_is_on_again_after_an_import_that_failed() -> None:
    with pytest.raises(ImportError), uncollected():
        raise ImportError
    assert gc.isenabled()
