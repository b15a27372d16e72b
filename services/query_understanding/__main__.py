"""`python -m services.query_understanding`: the service as a process."""

import sys

from services.platform import process
from services.query_understanding.main import serve
from services.query_understanding.settings import QueryUnderstandingSettings

sys.exit(process.main(serve, QueryUnderstandingSettings))
