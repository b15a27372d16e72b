"""`python -m services.ingestion`: the service as a process."""

import sys

from services.ingestion.main import serve
from services.ingestion.settings import IngestionSettings
from services.platform import process

sys.exit(process.main(serve, IngestionSettings))
