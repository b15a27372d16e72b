"""Geocoding: places to positions and back, WGS-84.

Answers: GeocodingService (Geocode, ReverseGeocode).
Reads: concierge.search.planned.v1.
Writes: concierge.search.located.v1; concierge.search.completed.v1 when a place must be asked for.
Needs: the gazetteer files; providers (AMap, Baidu, Nominatim) and Redis where configured.
"""
