import express from 'express';
import { PORT, TEE_SEAL_KEY, TEE_WORKER_SECRET } from './environment';
import { seal } from './seal';
import { requireSecret } from './secret';

const app = express();

app.get('/health', (_request, response) => {
  response.json({ status: 'ok' });
});

app.post('/seal', requireSecret(TEE_WORKER_SECRET), express.json(), (request, response) => {
  const cid: unknown = request.body?.cid;
  if (typeof cid !== 'string' || cid === '') {
    response.status(400).json({ error: 'cid is missing' });
    return;
  }
  response.json({ cid, seal: seal(TEE_SEAL_KEY, cid) });
});

const server = app.listen(PORT, () => console.log(`TEE worker listens on ${PORT}`));

function shutdown(signal: NodeJS.Signals) {
  console.log(`${signal} received, answering what is under way`);
  server.close(() => process.exit(0));
}

process.on('SIGTERM', shutdown);
process.on('SIGINT', shutdown);
