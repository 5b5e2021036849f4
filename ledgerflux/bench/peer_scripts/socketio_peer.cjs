// socket.io: `io.emit`.
"use strict";
const http = require("http");
const { Server } = require("socket.io");
const { obey } = require("./ticking.cjs");

const web = http.createServer();
const io = new Server(web, { serveClient: false, transports: ["websocket"] });
web.listen({ host: "127.0.0.1", port: 0, backlog: 1024 }, () => {
  obey(web.address().port, (messages) => {
    for (const message of messages) io.emit("update", message);
  });
});
