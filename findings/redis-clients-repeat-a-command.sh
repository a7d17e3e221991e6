#!/bin/sh
# Three of four Redis clients send a command again when the connection is lost before its answer came, and say nothing: an XADD
# appends twice, and what a first XREADGROUP was given stays pending while the caller sees an empty or a later answer.
#
# Packages   redis-py 8.1.0, coredis 6.9.0, ioredis 6.0.0 (repeat); redis (node-redis) 6.3.1 (does not)
# Guess      A client repeats reads at most. A write whose fate is unknown ends as an error, and the caller decides.
# Seen       2026-11-30: with default options one xadd() call leaves two entries in redis-py, coredis and ioredis. With redis-py one
#            xreadgroup() call leaves the entry it was given in the pending list and returns as if the stream were empty.
# So         A gateway that reads streams which others write must recognise a repeated entry by an id in the event. Its documents
#            must tell consumers to read their pending entries ("0") again after every error and from time to time.
#
# Needs redis-server, python3 and node. Exits 1 when a client behaves differently than seen.
set -eu
work=$(mktemp -d)
trap 'kill $(cat "$work"/*.pid 2>/dev/null) 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"

python3 -m venv venv
venv/bin/pip -q install redis==8.1.0 coredis==6.9.0
npm install --silent --no-audit --no-fund ioredis@6.0.0 redis@6.3.1 >/dev/null

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
redis-server --port "$port" --bind 127.0.0.1 --save '' >/dev/null &
echo $! >redis.pid
until redis-cli -p "$port" ping >/dev/null 2>&1; do sleep 0.1; done

# Forwards bytes. The first command that holds the mark reaches Redis; its client's connection ends before the answer.
cat >cut.py <<'PY'
import asyncio, sys

target, mark, used = int(sys.argv[1]), sys.argv[2].encode(), False


async def serve(reader, writer):
    global used
    from_redis, to_redis = await asyncio.open_connection("127.0.0.1", target)
    cut = False

    async def commands():
        nonlocal cut
        global used
        while data := await reader.read(65536):
            if mark in data and not used:
                used = cut = True
            to_redis.write(data)
        to_redis.close()

    async def answers():
        while data := await from_redis.read(65536):
            if cut:
                writer.transport.abort()
                return
            writer.write(data)
        writer.close()

    await asyncio.gather(commands(), answers(), return_exceptions=True)


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
PY

cat >add.py <<'PY'
import asyncio, sys

client, port = sys.argv[1], int(sys.argv[2])


async def coredis_add():
    import coredis
    async with coredis.Redis(port=port) as r:
        await r.xadd("coredis", {"m": "MARK"})


if client == "redis-py":
    import redis
    redis.Redis(port=port).xadd("redis-py", {"m": "MARK"})
else:
    asyncio.run(coredis_add())
PY

cat >add.mjs <<'JS'
const [client, port] = process.argv.slice(2);
if (client === "ioredis") {
  const { default: Redis } = await import("ioredis");
  const r = new Redis(Number(port));
  await r.xadd("ioredis", "*", "m", "MARK");
  r.disconnect();
} else {
  const { createClient } = await import("redis");
  const r = await createClient({ url: "redis://127.0.0.1:" + port }).on("error", () => {}).connect();
  await r.xAdd("node-redis", "*", { m: "MARK" }).finally(() => r.destroy());
}
JS

cat >read.py <<'PY'
import sys, redis
print(redis.Redis(port=int(sys.argv[1]), decode_responses=True).xreadgroup("g", "one", {"work": ">"}, count=1))
PY

# start_cut MARK: leaves the port in $through
start_cut() {
  rm -f through
  mkfifo through
  python3 cut.py "$port" "$1" >through &
  echo $! >cut.pid
  read -r through <through
}

failed=0
expect() {
  echo "$1: $2 (seen before: $3)"
  [ "$2" = "$3" ] || failed=1
}

for client in redis-py coredis; do
  start_cut MARK
  timeout 30 venv/bin/python add.py "$client" "$through" 2>error.txt && told=quietly || told="with an error"
  kill "$(cat cut.pid)"
  entries=$(redis-cli -p "$port" xlen "$client")
  expect "$client: entries after one xadd" "$entries, $told" "2, quietly"
done
for client in ioredis node-redis; do
  start_cut MARK
  timeout 30 node add.mjs "$client" "$through" 2>error.txt && told=quietly || told="with an error"
  kill "$(cat cut.pid)"
  entries=$(redis-cli -p "$port" xlen "$client")
  [ "$client" = node-redis ] && before="1, with an error" || before="2, quietly"
  expect "$client: entries after one xadd" "$entries, $told" "$before"
done

redis-cli -p "$port" xgroup create work g 0 mkstream >/dev/null
redis-cli -p "$port" xadd work '*' m 1 >/dev/null
start_cut XREADGROUP
read_answer=$(timeout 30 venv/bin/python read.py "$through")
kill "$(cat cut.pid)"
pending=$(redis-cli -p "$port" xpending work g | head -n 1)
expect "redis-py: answer of one xreadgroup; entries pending for it" "$read_answer; $pending" "[]; 1"
exit "$failed"
