"""`python -m services.vector_retrieval`: the service as a process."""

import sys

from services.platform import process
from services.vector_retrieval.main import serve
from services.vector_retrieval.settings import VectorRetrievalSettings

sys.exit(process.main(serve, VectorRetrievalSettings))
