const http = require('node:http');

const server = http.createServer((request, response) => {
  if (request.url === '/health') {
    response.setHeader('content-type', 'application/json').end('{"status":"ok"}');
  } else {
    response.setHeader('content-type', 'text/html').end('<h1>GREETING</h1>');
  }
});
server.listen(3000, () => console.log('web listens on 3000'));
process.on('SIGTERM', () => server.close(() => process.exit(0)) && server.closeAllConnections());
