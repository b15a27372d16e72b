"""`python -m services.geocoding`: the service as a process."""

import sys

from services.geocoding.main import serve
from services.geocoding.settings import GeocodingSettings
from services.platform import process

sys.exit(process.main(serve, GeocodingSettings))
