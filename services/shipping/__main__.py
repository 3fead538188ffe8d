"""Shipping as a process: `python -m services.shipping` hears topics, `… api` serves labels.  Assembly only."""

import sys

from chassis import documents, run
from services.shipping.api import LABELS
from services.shipping.handlers import Manifests, service
from services.shipping.settings import ApiSettings, Settings

if __name__ == "__main__":
    if sys.argv[1:] == ["api"]:
        documents.serve(ApiSettings(), LABELS)
    else:
        settings = Settings()
        Manifests.close_after = settings.dispatch_after
        run(service, settings)
