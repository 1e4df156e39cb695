import express from 'express';

const secret = process.env.TEE_WORKER_SECRET;
if (!secret) throw new Error('TEE_WORKER_SECRET is required');

const app = express();
app.get('/health', (_request, response) => {
  response.json({ ok: true });
});
app.get('/seal', (request, response) => {
  if (request.headers.authorization !== secret) {
    response.status(401).end();
    return;
  }
  response.json({ sealed: true });
});
const server = app.listen(Number(process.env.PORT ?? 3001));
process.on('SIGTERM', () => server.close());
