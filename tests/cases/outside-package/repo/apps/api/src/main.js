import Fastify from 'fastify';

const worker = process.env.TEE_WORKER_URL ?? 'http://localhost:3001';

const app = Fastify();
app.get('/health', async () => ({ ok: true }));
app.get('/seal', async () => {
  const answer = await fetch(`${worker}/seal`, { headers: { authorization: process.env.TEE_WORKER_SECRET } });
  return answer.json();
});
await app.listen({ port: Number(process.env.PORT ?? 3000), host: '0.0.0.0' });
process.on('SIGTERM', () => app.close());
