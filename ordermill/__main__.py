"""`python -m ordermill`: the command line, from a checkout or through `.venv/bin/ordermill`."""

import sys

from ordermill.cli import main

if __name__ == "__main__":
    sys.exit(main())
