"""Runs a real Milvus where only its own loopback exists, and relays one port of the machine's loopback to it.

The server listens on every interface whatever its configuration says, so it gets a network of its own: this file is run
by `unshare --map-root-user --net`, with a socket that was opened outside. Commands come on standard input, one a line
(see `main`); each is answered on standard output.

With `two-nodes` a second query node runs as a process of its own beside the server, which holds the first one and every
other role. Both share the server's etcd and folder; the messages between them go through the Kafka broker that
librdkafka has for tests, which keeps the last 5 MB of a topic, in memory: the server is not to be started again on old
data.
"""

import asyncio
import contextlib
import fcntl
import os
import socket
import struct
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

from milvus import MilvusServer, MilvusServerConfig

_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 1
_CHUNK_BYTES = 1 << 16
_NODE_PORT, _NODE_HEALTH_PORT = 21_223, 9_191
_NODE_STARTS_WITHIN_S = 60.0


def bring_up_loopback() -> None:
    """Switch on `lo`: a new network has it switched off."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16sH14s", b"lo", 0, b"")
        flags = struct.unpack("16sH14s", fcntl.ioctl(any_socket, _SIOCGIFFLAGS, request))[1]
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sH14s", b"lo", flags | _IFF_UP, b""))


class Server:
    """Milvus in one process, which wants a password; its ports are its own, so the default ones do."""

    def __init__(self, data_dir: str) -> None:
        self._data_dir = data_dir
        self.port = 19530
        self._milvus = MilvusServer(MilvusServerConfig(data_dir=data_dir))

    def start(self) -> None:
        """Start it with the data that is there, and wait until it is healthy."""
        config = MilvusServerConfig(data_dir=self._data_dir)
        config.set("authorization_enabled", val=True)
        config.set("log.level", "warn")
        config.set("common.session.ttl", 20)  # seconds that a killed one is believed to live; less, and a busy one dies
        self._configure(config)
        self._milvus = MilvusServer(config)
        self._milvus.start()
        self.port = self._milvus.listen_port

    def kill(self) -> None:
        """Kill it at once."""
        if self._milvus.server_proc:
            self._milvus.server_proc.kill()
            self._milvus.server_proc.wait()

    def commands(self) -> dict[str, Callable[[], None]]:
        """Return what may be asked for."""
        return {"start": self.start, "kill": self.kill}

    def _configure(self, config: MilvusServerConfig) -> None:
        """Set what else differs from the defaults."""


class TwoNodes(Server):
    """The server and a second query node."""

    def __init__(self, data_dir: str) -> None:
        super().__init__(data_dir)
        from confluent_kafka import Producer  # noqa: PLC0415  (one server does without)

        self._broker = Producer({"bootstrap.servers": "none", "test.mock.num.brokers": 1})  # lives as long as this
        (broker,) = self._broker.list_topics(timeout=10).brokers.values()
        os.environ["KAFKA_BROKERLIST"] = f"{broker.host}:{broker.port}"
        self._node: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start both."""
        super().start()
        self.start_node()

    def kill(self) -> None:
        """Kill both at once."""
        self.kill_node()
        super().kill()

    def start_node(self) -> None:
        """Start the second query node, and wait until it is healthy."""
        program = Path(self._milvus.get_milvus_executable_path())
        settings = {
            "LD_LIBRARY_PATH": str(program.parent),
            "ETCD_USE_EMBED": "false",  # the server's, which listens where the configuration of both says
            "QUERYNODE_PORT": str(_NODE_PORT),
            "METRICS_PORT": str(_NODE_HEALTH_PORT),
        }
        with (Path(self._data_dir) / "logs" / "node.log").open("ab") as log:
            self._node = subprocess.Popen(
                [program, "run", "querynode"], cwd=self._data_dir, env=os.environ | settings, stdout=log, stderr=log
            )
        until_s = time.monotonic() + _NODE_STARTS_WITHIN_S
        while not _is_healthy(_NODE_HEALTH_PORT):
            if self._node.poll() is not None or time.monotonic() > until_s:
                raise RuntimeError("the second query node did not start")
            time.sleep(0.1)

    def kill_node(self) -> None:
        """Kill the second query node at once."""
        if self._node:
            self._node.kill()
            self._node.wait()

    def commands(self) -> dict[str, Callable[[], None]]:
        """Return what may be asked for."""
        return super().commands() | {"start node": self.start_node, "kill node": self.kill_node}

    def _configure(self, config: MilvusServerConfig) -> None:
        config.set("mq.type", "kafka")


def _is_healthy(port: int) -> bool:
    with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
        return b"OK" in answer.read()
    return False


async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int) -> None:
    """Pass bytes both ways until either side ends."""
    try:
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        writer.close()
        return
    await asyncio.gather(pass_on(reader, inner_writer), pass_on(inner_reader, writer))


async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Copy one way."""
    try:
        while chunk := await reader.read(_CHUNK_BYTES):
            writer.write(chunk)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


async def main(listening: socket.socket, server: Server) -> None:
    """Relay, and do what is asked."""
    await asyncio.start_server(lambda reader, writer: relay(reader, writer, server.port), sock=listening)
    loop = asyncio.get_running_loop()
    commands = server.commands()
    try:
        while command := (await loop.run_in_executor(None, sys.stdin.readline)).strip():
            await loop.run_in_executor(None, commands[command])
            sys.stdout.write(f"{command} done\n")
            sys.stdout.flush()
    finally:
        server.kill()
        os._exit(0)  # relays that are still open have nobody to tell


if __name__ == "__main__":
    bring_up_loopback()
    kind = TwoNodes if "two-nodes" in sys.argv else Server
    asyncio.run(main(socket.socket(fileno=int(sys.argv[1])), kind(sys.argv[2])))
