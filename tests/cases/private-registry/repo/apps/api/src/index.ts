// @ts-nocheck
import { createServer } from 'node:http';
import { greeting } from '@acme/kit';

createServer((request, response) => {
  response.end(request.url === '/health' ? 'ok' : greeting);
}).listen(process.env.PORT || 3000);
