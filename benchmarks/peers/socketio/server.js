// A Socket.IO server as its documentation says to run one with Redis: conversations are rooms, agents' events come by the adapter.
// Nothing is tuned but the transport: WebSocket only, since long polling is no match for anybody here.
import { createServer } from "node:http";
import { parseArgs } from "node:util";
import { createAdapter as createPubSubAdapter } from "@socket.io/redis-adapter";
import { createAdapter as createStreamsAdapter } from "@socket.io/redis-streams-adapter";
import { createClient } from "redis";
import { Server } from "socket.io";

const { values: options } = parseArgs({
  options: {
    port: { type: "string" },
    redis: { type: "string" },
    adapter: { type: "string", default: "redis" },
  },
});
if (!options.port || !options.redis || !["redis", "streams"].includes(options.adapter)) {
  console.error("usage: node server.js --port P --redis URI --adapter redis|streams");
  process.exit(2);
}

const name = `socketio-${process.pid}`;
const redis = createClient({ url: options.redis, name });
await connect(redis);

const http = createServer(async (request, response) => {
  const status = request.url !== "/health" ? 404 : (await listening()) ? 200 : 503;
  response.writeHead(status).end();
});
const io = new Server(http, {
  transports: ["websocket"],
  serveClient: false,
  adapter: options.adapter === "streams" ? createStreamsAdapter(redis) : createPubSubAdapter(redis, await connect(redis.duplicate())),
});

io.on("connection", (socket) => {
  socket.on("subscribe", async (conversation) => {
    await socket.join(conversation);
    socket.emit("following");
  });
});

http.listen(Number(options.port));

async function connect(client) {
  client.on("error", (error) => console.error(error.message));
  await client.connect();
  return client;
}

/** Whether Redis has acknowledged what the adapter hears by. The adapters don't say so themselves. */
async function listening() {
  if (!redis.isReady) {
    return false;
  }
  try {
    const subscribed = (await io.of("/").adapter.serverCount()) > 0;
    return subscribed && (options.adapter === "redis" || (await reading()));
  } catch {
    return false;
  }
}

/** Whether this process waits in XREAD: what is added to the stream before is never read. */
async function reading() {
  const clients = await redis.sendCommand(["CLIENT", "LIST"]);
  return clients.split("\n").some((client) => client.includes(`name=${name} `) && client.includes(" cmd=xread "));
}
