const net = require("node:net");

const version = process.env.VERSION;
if (version === "stuck") {
  console.log("migrate says: this table is there already");
  process.exit(1);
}

const socket = net.connect(6379, "redis", () => socket.write(`RPUSH migrations ${version}\r\n`));
socket.on("data", () => process.exit(0));
