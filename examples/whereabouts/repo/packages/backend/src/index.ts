import { once } from 'node:events';
import { createServer } from 'node:http';
import { createApp } from './app';
import { database } from './database';
import { PORT } from './env';
import { createFeed } from './feed';

const server = createServer();
const feed = createFeed(server);
server.on('request', createApp(feed.publish));

server.listen(PORT, () => console.log(`listening on port ${PORT}`));

// Less than the 10 seconds after which Docker kills.
const GRACE_MS = 5000;

let stopping = false;

async function shutdown(signal: NodeJS.Signals) {
  if (stopping) return;
  stopping = true;
  console.log(`${signal} received, finishing the open requests`);
  const closed = once(server, 'close');
  server.close();
  feed.close();
  // A phone that lost its network never says goodbye.
  const deadline = setTimeout(() => {
    feed.drop();
    server.closeAllConnections();
  }, GRACE_MS);
  await closed;
  clearTimeout(deadline);
  await database.destroy();
  console.log('stopped');
}

process.on('SIGTERM', shutdown);
process.on('SIGINT', shutdown);
