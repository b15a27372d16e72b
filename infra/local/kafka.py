"""Apache Kafka: one KRaft node, broker and controller in one process."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import struct
from pathlib import Path

from infra.local.downloads import MAVEN_PLUGIN, filling, program, run, say
from infra.local.server import HOST, Command, Places, StackError, port_of

KAFKA = "4.3.1"
LOG4J = "2.25.4"  # The version that this Kafka depends on.

NODE_ID = 1
CLUSTER_ID = "Y29uY2llcmdlLWxvY2FsMQ"  # 16 bytes in base64: "concierge-local1"
# Of the listener that asks who one is; on the loopback address, known to everybody.
SASL_USER = "concierge"
SASL_PASSWORD = "local-only"

_POM = f"""\
<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>local</groupId><artifactId>kafka</artifactId><version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId>
      <version>{KAFKA}</version>
    </dependency>
    <dependency>  <!-- without a binding of slf4j the broker logs nothing -->
      <groupId>org.apache.logging.log4j</groupId><artifactId>log4j-slf4j-impl</artifactId>
      <version>{LOG4J}</version>
    </dependency>
  </dependencies>
</project>
"""

_LOGGING = """\
rootLogger.level=INFO
rootLogger.appenderRefs=out
rootLogger.appenderRef.out.ref=OUT
appender.out.type=Console
appender.out.name=OUT
appender.out.layout.type=PatternLayout
appender.out.layout.pattern=%d{ISO8601} %-5p %c{1}: %m%n
logger.config.name=org.apache.kafka.common.config.AbstractConfig
logger.config.level=WARN
"""


class Kafka:
    """One broker with three listeners: plain, SASL/PLAIN, and the controller's own.

    Killed, it starts again with all that it acknowledged: what it wrote is in the page cache.

    Args:
        places: Where its files lie; the stack's own when `None`.
        port: Of the plain listener; controller and SASL listener take the two after it, unless
            the stack's variables say otherwise. The stack's own when `None`.
    """

    name = "kafka"
    start_wait_s = 90.0
    stop_signal = signal.SIGTERM
    stop_wait_s = 15.0

    def __init__(self, places: Places | None = None, port: int | None = None) -> None:
        self.places = places or Places.of(self.name)
        if port is None:
            self.port = port_of("kafka", 9092)
            self.controller_port = port_of("kafka_controller", self.port + 1)
            self.sasl_port = port_of("kafka_sasl", self.port + 2)
        else:
            self.port, self.controller_port, self.sasl_port = port, port + 1, port + 2

    def endpoint(self) -> tuple[str, str]:
        """Return the variable that tests read, and its value."""
        return "CONCIERGE_TEST_KAFKA", f"{HOST}:{self.port}"

    def fetch(self) -> None:
        """Bring the broker's jars into the cache."""
        with filling(self._release) as folder:
            if folder is None:
                return
            maven = program("mvn", "fetch Kafka")
            say(f"kafka: fetching {KAFKA}, about 45 MB")
            (folder / "pom.xml").write_text(_POM)
            goal = (f"{MAVEN_PLUGIN}:copy-dependencies", "-DincludeScope=runtime")
            # -C: a wrong checksum is an error.
            run([maven, "-q", "-B", "-C", *goal, "-DoutputDirectory=jars"], cwd=folder)

    def prepare(self) -> Command:
        """Write the configuration, format the storage the first time."""
        properties = self.places.state / "server.properties"
        properties.write_text(self._properties())
        (self.places.state / "log4j2.properties").write_text(_LOGGING)
        if not (self._data / "meta.properties").exists():
            tool = ("kafka.tools.StorageTool", "format", "--ignore-formatted")
            run(self._java("256m", *tool, "--cluster-id", CLUSTER_ID, "--config", str(properties)))
        return Command(self._java("384m", "kafka.Kafka", str(properties)))

    def is_ready(self) -> bool:
        """Tell whether the broker lists itself as one that takes part."""
        try:
            return NODE_ID in _brokers(self.port, wait_s=1.0)
        except (OSError, struct.error):
            return False

    @property
    def _release(self) -> Path:
        return self.places.cache / f"kafka-{KAFKA}"

    @property
    def _data(self) -> Path:
        return self.places.state / "data"

    def _java(self, heap: str, *arguments: str) -> tuple[str, ...]:
        return (
            _java_program(),
            f"-Xmx{heap}",
            "-XX:+ExitOnOutOfMemoryError",
            "-Djava.awt.headless=true",
            f"-Dlog4j2.configurationFile={self.places.state / 'log4j2.properties'}",
            "-cp",
            f"{self._release / 'jars'}/*",
            *arguments,
        )

    def _properties(self) -> str:
        plain, sasl = f"PLAINTEXT://{HOST}:{self.port}", f"SASL://{HOST}:{self.sasl_port}"
        module = "org.apache.kafka.common.security.plain.PlainLoginModule"
        return f"""\
process.roles=broker,controller
node.id={NODE_ID}
controller.quorum.voters={NODE_ID}@{HOST}:{self.controller_port}
listeners={plain},{sasl},CONTROLLER://{HOST}:{self.controller_port}
advertised.listeners={plain},{sasl}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,SASL:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
sasl.enabled.mechanisms=PLAIN
listener.name.sasl.plain.sasl.jaas.config={module} required \\
  user_{SASL_USER}="{SASL_PASSWORD}";
log.dirs={self._data}

# One node has one copy of everything.
default.replication.factor=1
min.insync.replicas=1
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1

# A topic is declared or it does not exist.
auto.create.topics.enable=false

# Quick and small; in brackets what a cluster has.
group.initial.rebalance.delay.ms=0
# [6000]
group.min.session.timeout.ms=1000
# [50]
offsets.topic.num.partitions=4
transaction.state.log.num.partitions=4
share.coordinator.state.topic.num.partitions=4
# [128 MB]
log.cleaner.dedupe.buffer.size=8388608
# [15000]
log.cleaner.backoff.ms=500
# [2000 and 9000] After kill -9 the node waits for its own old session to end.
broker.heartbeat.interval.ms=500
broker.session.timeout.ms=3000
"""


def _java_program() -> str:
    home = os.environ.get("JAVA_HOME")
    found = shutil.which("java", path=f"{home}/bin") if home else None
    if home and found is None:
        raise StackError(f"JAVA_HOME is {home}, which has no bin/java")
    return found or program("java", "run Kafka, version 17 or newer")


def _brokers(port: int, *, wait_s: float) -> set[int]:
    """Return the ids of the brokers that take part, by a Metadata request (version 1).

    Raises:
        OSError: Nothing answers.
        struct.error: The connection ended within the answer.
    """
    with socket.create_connection((HOST, port), wait_s) as connection:
        # Key and version, correlation id, no client id, no topics.
        request = struct.pack(">hhihi", 3, 1, 1, -1, 0)
        connection.sendall(struct.pack(">i", len(request)) + request)
        with connection.makefile("rb") as answer:

            def take(layout: str) -> tuple[int, ...]:
                return struct.unpack(layout, answer.read(struct.calcsize(layout)))

            _size, _correlation, count = take(">iii")
            brokers = set()
            for _ in range(count):
                broker, host_length = take(">ih")
                answer.read(host_length)
                _port, rack_length = take(">ih")
                answer.read(max(rack_length, 0))
                brokers.add(broker)
            return brokers
