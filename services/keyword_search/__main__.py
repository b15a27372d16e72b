"""`python -m services.keyword_search`: the service as a process."""

import sys

from services.keyword_search.main import serve
from services.keyword_search.settings import KeywordSearchSettings
from services.platform import process

sys.exit(process.main(serve, KeywordSearchSettings))
