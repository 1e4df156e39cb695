const http = require('node:http');
const { version } = require('words');

const server = http.createServer((request, response) => {
  if (request.url === '/health') return response.end('ok');
  response.end(`${version} of ${request.headers.host}${request.url}`);
});
server.listen(3000, '0.0.0.0');
process.on('SIGTERM', () => server.close(() => process.exit(0)));
