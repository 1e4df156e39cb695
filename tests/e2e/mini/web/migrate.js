const { connect } = require('node:net');

const { hostname, port } = new URL(process.env.DATABASE_URL);
const socket = connect(Number(port), hostname, () => {
  console.log('migrated');
  socket.end();
});
socket.on('error', (error) => {
  console.error(error.message);
  process.exitCode = 1;
});
