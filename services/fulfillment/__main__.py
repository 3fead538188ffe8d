"""Fulfillment as a process: `python -m services.fulfillment` works, `… api` serves packing slips.  Assembly only."""

import sys

from chassis import documents, run
from services.fulfillment.api import SLIPS
from services.fulfillment.handlers import service
from services.fulfillment.settings import ApiSettings, Settings

if __name__ == "__main__":
    if sys.argv[1:] == ["api"]:
        documents.serve(ApiSettings(), SLIPS)
    else:
        run(service, Settings())
