// Bun's own server, which is uWebSockets: `server.publish`.
"use strict";
const { obey } = require("./ticking.cjs");

const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  fetch: (request, server) => (server.upgrade(request) ? undefined : new Response("no")),
  websocket: {
    open(client) {
      client.subscribe("t");
      client.send("ready");
    },
    message() {},
  },
});
obey(server.port, (messages) => {
  for (const message of messages) server.publish("t", JSON.stringify(message));
});
