"""The servers of a cluster on one machine, without containers: for development and tests.

`python -m infra.local up` fetches what is missing, starts Kafka, Elasticsearch, Milvus, Triton and
Redis on 127.0.0.1 and returns when all are ready; `status`, `down` and `kill` do what they say.
Linux with Java 21 or newer, Maven and uv. Nothing here is for production: see helm/.

State, configuration and logs lie under `.stack/<server>/`, downloads under `.cache/stack/`.
"""
