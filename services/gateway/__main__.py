"""`python -m services.gateway`: the service as a process."""

import sys

from services.gateway.main import serve
from services.gateway.settings import GatewaySettings
from services.platform import process

sys.exit(process.main(serve, GatewaySettings))
