import express, { type ErrorRequestHandler, type RequestHandler } from 'express';
import {
  addLocation,
  addUser,
  database,
  findUser,
  listLocations,
  type Location,
  type User,
} from './database';
import { hashPassword, isPassword } from './passwords';
import { issueToken, readToken } from './tokens';

const signedIn: RequestHandler<unknown, unknown, unknown, unknown, { user: User }> = (
  request,
  response,
  next,
) => {
  const user = readToken(request.headers.authorization?.replace(/^Bearer /, ''));
  if (!user) {
    response.status(401).json({ error: 'sign in first' });
    return;
  }
  response.locals.user = user;
  next();
};

/** The HTTP API; `onLocation` hears of each location after it is stored. */
export function createApp(onLocation: (location: Location) => void) {
  const app = express();
  app.disable('x-powered-by');
  app.use(express.json({ limit: '10kb' }));

  app.get('/api/health', async (_, response) => {
    const isUp = await database.raw('select 1').then(
      () => true,
      () => false,
    );
    response.status(isUp ? 200 : 503).json({ status: isUp ? 'ok' : 'error', database: isUp });
  });

  app.post('/api/users', async (request, response) => {
    const { name, password } = credentials(request.body);
    if (!name || password.length < 8) {
      response.status(400).json({ error: 'a name and a password of 8 characters are needed' });
      return;
    }
    const user = await addUser(name, await hashPassword(password));
    if (user) response.status(201).json({ token: issueToken(user) });
    else response.status(409).json({ error: 'the name is taken' });
  });

  app.post('/api/login', async (request, response) => {
    const { name, password } = credentials(request.body);
    const user = await findUser(name);
    if (user && (await isPassword(password, user.passwordHash))) {
      response.json({ token: issueToken(user) });
    } else {
      response.status(401).json({ error: 'unknown name or password' });
    }
  });

  app.post('/api/locations', signedIn, async (request, response) => {
    const { latitude, longitude } = (request.body ?? {}) as Record<string, unknown>;
    if (!isBetween(latitude, -90, 90) || !isBetween(longitude, -180, 180)) {
      response.status(400).json({ error: 'latitude and longitude are numbers of degrees' });
      return;
    }
    const location = await addLocation(response.locals.user, latitude, longitude);
    onLocation(location);
    response.status(201).json(location);
  });

  app.get('/api/locations', signedIn, async (request, response) => {
    const { user } = request.query as { user?: unknown };
    response.json(await listLocations(typeof user === 'string' ? user : response.locals.user.name));
  });

  app.use(answerError);
  return app;
}

function credentials(body: unknown): { name: string; password: string } {
  const { name, password } = (body ?? {}) as Record<string, unknown>;
  return {
    name: typeof name === 'string' ? name.trim() : '',
    password: typeof password === 'string' ? password : '',
  };
}

function isBetween(value: unknown, low: number, high: number): value is number {
  return typeof value === 'number' && value >= low && value <= high;
}

// Express tells an error handler by its four parameters.
const answerError: ErrorRequestHandler = (
  error: { status?: number },
  _request,
  response,
  _next,
) => {
  const status = error.status ?? 500;
  if (status >= 500) console.error(error);
  response.status(status).json({ error: status < 500 ? 'bad request' : 'internal error' });
};
