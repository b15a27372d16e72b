"""`python -m services.answering`: the service as a process."""

import sys

from services.answering.main import serve
from services.answering.settings import AnsweringSettings
from services.platform import process

sys.exit(process.main(serve, AnsweringSettings))
