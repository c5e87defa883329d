"""Runs a real Milvus where only its own loopback exists, and relays one port of the machine's loopback to it.

The server listens on every interface whatever its configuration says, so it gets a network of its own: this file is run
by `unshare --map-root-user --net`, with a socket that was opened outside. Commands come on standard input, one a line:
`start`, `kill`; each is answered on standard output.
"""

import asyncio
import fcntl
import os
import signal
import socket
import struct
import sys

from milvus import MilvusServer, MilvusServerConfig

_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 1
_CHUNK_BYTES = 1 << 16


def bring_up_loopback() -> None:
    """Switch on `lo`: a new network has it switched off."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16sH14s", b"lo", 0, b"")
        flags = struct.unpack("16sH14s", fcntl.ioctl(any_socket, _SIOCGIFFLAGS, request))[1]
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sH14s", b"lo", flags | _IFF_UP, b""))


def new_server(data_dir: str) -> MilvusServer:
    """Return a server that wants a password; its ports are its own, so the default ones do."""
    config = MilvusServerConfig(data_dir=data_dir)
    config.set("authorization_enabled", val=True)
    config.set("log.level", "warn")
    config.set("common.session.ttl", 20)  # seconds that a killed server is believed to live; less, and a busy one dies
    return MilvusServer(config)


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


async def main(listening: socket.socket, data_dir: str) -> None:
    """Relay, and do what is asked."""
    server = new_server(data_dir)
    port = 19530
    await asyncio.start_server(lambda reader, writer: relay(reader, writer, port), sock=listening)
    loop = asyncio.get_running_loop()
    try:
        while command := (await loop.run_in_executor(None, sys.stdin.readline)).strip():
            if command == "start":
                server = new_server(data_dir)
                await loop.run_in_executor(None, server.start)
                port = server.listen_port
            elif command == "kill":
                os.kill(server.server_proc.pid, signal.SIGKILL)
                server.server_proc.wait()
            sys.stdout.write(f"{command} done\n")
            sys.stdout.flush()
    finally:
        if server.server_proc and server.server_proc.poll() is None:
            server.server_proc.kill()
        os._exit(0)  # relays that are still open have nobody to tell


if __name__ == "__main__":
    bring_up_loopback()
    asyncio.run(main(socket.socket(fileno=int(sys.argv[1])), sys.argv[2]))
