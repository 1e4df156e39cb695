import express from 'express';
import { hash } from 'argon2';
import { Place } from '@places/shared';

const app = express();
app.use(express.json());
app.get('/api/health', (_request, response) => {
  response.json({ ok: true });
});
app.post('/api/places', async (request, response) => {
  const place = Place.parse(request.body);
  response.status(201).json({ place, proof: await hash(JSON.stringify(place)) });
});
const server = app.listen(Number(process.env.PORT ?? 3000));
process.on('SIGTERM', () => server.close());
