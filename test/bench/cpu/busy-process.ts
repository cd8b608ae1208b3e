// Takes some processor time, says so, and waits to be ended.

/** Milliseconds. */
const BUSY_MS = 150;

while (process.cpuUsage().user / 1000 < BUSY_MS) Math.sqrt(2);
process.send?.('busy');
setInterval(() => undefined, 60_000);
