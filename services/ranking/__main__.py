"""`python -m services.ranking`: the service as a process."""

import sys

from services.platform import process
from services.ranking.main import serve
from services.ranking.settings import RankingSettings

sys.exit(process.main(serve, RankingSettings))
