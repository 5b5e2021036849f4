// What the WebSocket servers in JavaScript share; the same as ticking.py.
"use strict";
const fs = require("fs");
const readline = require("readline");

const made = JSON.parse(fs.readFileSync(process.argv[2], "utf8"));

function next(count) {
  const text = new Date().toISOString().replace("Z", "000000Z");
  const messages = made.slice(0, count);
  messages.forEach((message, product) => {
    const seq = message.seq + 1;
    message.prev_seq = seq - 1;
    message.seq = seq;
    message.ts_publish = text;
    message.checksum = 1000000000 + ((seq * 48271 + product * 16807) % 2147483647);
    const event = message.data[0];
    event.seq = seq;
    event.ts_exchange = event.ts_receive = text;
    event.changes = event.changes.map(([side, price], place) => {
      const size = (seq * 7919 + product * 1299709 + place * 104729) % 80000000;
      return [side, price, "0." + (10000000 + size)];
    });
  });
  return messages;
}

// Calls `publish` with the messages of each tick, as standard input says, until it ends.
exports.obey = (port, publish) => {
  const lines = readline.createInterface({ input: process.stdin });
  lines.on("line", (line) => {
    const [count, tickMs, ticks] = line.split(" ").map(Number);
    const begin = performance.now();
    let number = 0;
    const due = () => {
      publish(next(count));
      number += 1;
      if (number === ticks) {
        process.stdout.write("done\n");
      } else {
        setTimeout(due, Math.max(0, begin + number * tickMs - performance.now()));
      }
    };
    due();
  });
  lines.on("close", () => process.exit(0));
  process.stdout.write(JSON.stringify({ port, pid: process.pid }) + "\n");
};
