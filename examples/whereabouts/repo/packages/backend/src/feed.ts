import type { IncomingMessage, Server } from 'node:http';
import { WebSocket, WebSocketServer } from 'ws';
import type { Location } from './database';
import { readToken } from './tokens';

const PING_MS = 30_000;

/** Tells everybody who is connected to `/ws?token=...` of each new location. */
export function createFeed(server: Server) {
  const sockets = new WebSocketServer({
    server,
    path: '/ws',
    verifyClient: ({ req }: { req: IncomingMessage }) => readToken(tokenOf(req)) !== undefined,
  });
  sockets.on('connection', (socket) => socket.on('error', console.error));

  // Proxies drop a connection on which nothing moves.
  const pings = setInterval(() => each((socket) => socket.ping()), PING_MS);

  function each(act: (socket: WebSocket) => void) {
    for (const socket of sockets.clients) if (socket.readyState === WebSocket.OPEN) act(socket);
  }

  return {
    publish(location: Location) {
      const message = JSON.stringify(location);
      each((socket) => socket.send(message));
    },
    close() {
      clearInterval(pings);
      sockets.close();
      each((socket) => socket.close(1001, 'the server is going away'));
    },
    drop() {
      for (const socket of sockets.clients) socket.terminate();
    },
  };
}

function tokenOf(request: IncomingMessage): string | null {
  return new URL(request.url ?? '/', 'http://localhost').searchParams.get('token');
}
