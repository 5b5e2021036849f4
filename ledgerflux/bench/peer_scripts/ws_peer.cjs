// The `ws` library: `client.send` for one client after the other.
"use strict";
const { WebSocketServer } = require("ws");
const { obey } = require("./ticking.cjs");

const server = new WebSocketServer({ host: "127.0.0.1", port: 0, backlog: 1024 }, () => {
  obey(server.address().port, (messages) => {
    for (const message of messages) {
      const text = JSON.stringify(message);
      for (const client of server.clients) client.send(text);
    }
  });
});
server.on("connection", (client) => {
  client.on("error", () => client.terminate());
  client.send("ready");
});
