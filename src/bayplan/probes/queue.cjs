// Runs inside a worker's container, from stdin, with the worker's own bullmq; `input` is set in a line before this one.
// run: queue a job and wait for its end.  add: only queue it.  see: what became of a job.  It prints one line of JSON.
const { existsSync, readFileSync, readlinkSync } = require('node:fs');
const { createRequire } = require('node:module');
const { resolve } = require('node:path');

const ENDED = ['completed', 'failed', 'unknown']; // unknown: the worker removes what it has done
const PATIENCE = 30_000;

function folder() {
  try {
    return readlinkSync('/proc/1/cwd');
  } catch {
    return process.cwd();
  }
}

function bullmq() {
  const words = readFileSync('/proc/1/cmdline', 'utf8').split('\0').filter(Boolean);
  const programs = words.map((word) => resolve(folder(), word)).filter((path) => existsSync(path));
  const places = [...programs, resolve(folder(), input.package, 'x'), resolve(folder(), 'x')];
  for (const place of places) {
    try {
      return createRequire(place)('bullmq');
    } catch (error) {
      if (error.code !== 'MODULE_NOT_FOUND') throw error;
    }
  }
  return null;
}

function connection() {
  const values = [...input.variables, ...Object.keys(process.env)].map((name) => process.env[name] ?? '');
  const address = values.find((value) => /^rediss?:\/\//.test(value));
  if (!address) {
    const { REDIS_HOST: host, REDIS_PORT: port, REDIS_USERNAME: username, REDIS_PASSWORD: password } = process.env;
    return host ? { host, port: Number(port ?? 6379), username, password } : null;
  }
  const url = new URL(address);
  return {
    host: url.hostname,
    port: Number(url.port || 6379),
    username: decodeURIComponent(url.username) || undefined,
    password: decodeURIComponent(url.password) || undefined,
    db: Number(url.pathname.slice(1) || 0),
    tls: url.protocol === 'rediss:' ? {} : undefined,
  };
}

async function end(queue, id, wanted) {
  const began = Date.now();
  let state = 'waiting';
  while (Date.now() - began < PATIENCE) {
    state = await queue.getJobState(id);
    if (wanted.includes(state)) break;
    await new Promise((done) => setTimeout(done, 50));
  }
  const job = await queue.getJob(id);
  const result = { id, state, reason: job?.failedReason ?? '', seconds: (Date.now() - began) / 1000 };
  if (ENDED.includes(state)) await job?.remove();
  return result;
}

async function main() {
  const library = bullmq();
  if (!library) return { problem: 'bullmq cannot be loaded here: it may be part of a bundle' };
  const options = connection();
  if (!options) return { problem: 'no variable of this container holds the address of a Redis' };
  const queue = new library.Queue(input.queue, { connection: { ...options, maxRetriesPerRequest: 3 } });
  try {
    if (input.do === 'see') return await end(queue, input.id, ENDED);
    const workers = (await queue.getWorkers().catch(() => [])).length;
    const job = await queue.add('bayplan-probe', input.payload, { attempts: 1, removeOnComplete: false });
    if (input.do === 'add') return { id: job.id, workers };
    return { ...(await end(queue, job.id, ENDED)), workers };
  } finally {
    await queue.close().catch(() => {});
  }
}

main()
  .catch((error) => ({ problem: String(error?.message ?? error) }))
  .then((result) => {
    process.stdout.write(`\n${JSON.stringify(result)}\n`, () => process.exit(0));
  });
