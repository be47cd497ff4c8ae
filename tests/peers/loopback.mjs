// Preloaded into a server that would listen on every address: it gets 127.0.0.1 and a free port
// instead, which is written to the file named by PORT_FILE.
import net from "node:net";
import { renameSync, writeFileSync } from "node:fs";

const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function () {
  this.once("listening", () => {
    writeFileSync(`${process.env.PORT_FILE}.tmp`, `${this.address().port}\n`);
    renameSync(`${process.env.PORT_FILE}.tmp`, process.env.PORT_FILE);
  });
  return listen.call(this, { port: 0, host: "127.0.0.1" });
};
