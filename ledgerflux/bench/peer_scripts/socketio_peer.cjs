// socket.io: `io.emit`; with `recovering` it lets clients go on where they were.
"use strict";
const http = require("http");
const { Server } = require("socket.io");
const { obey } = require("./ticking.cjs");

const recovering = process.argv[3] === "recovering";
const web = http.createServer();
const io = new Server(web, {
  serveClient: false,
  transports: ["websocket"],
  ...(recovering ? { connectionStateRecovery: {} } : {}),
});
// What it keeps for those who come back must not change with the next tick.
const kept = (message) => ({ ...message, data: message.data.map((event) => ({ ...event })) });
web.listen({ host: "127.0.0.1", port: 0, backlog: 1024 }, () => {
  obey(web.address().port, (messages) => {
    for (const message of messages) io.emit("update", recovering ? kept(message) : message);
  });
});
