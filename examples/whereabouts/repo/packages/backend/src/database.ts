import knex from 'knex';
import { DATABASE_URL } from './env';
import config from './knexfile';

export const database = knex({ ...config, connection: DATABASE_URL });

export interface User {
  id: string;
  name: string;
}

export interface Location {
  user: string;
  latitude: number;
  longitude: number;
  recordedAt: Date;
}

/** Undefined where the name is taken. */
export async function addUser(name: string, passwordHash: string): Promise<User | undefined> {
  const [user] = await database('users')
    .insert({ name, password_hash: passwordHash })
    .onConflict('name')
    .ignore()
    .returning<User[]>(['id', 'name']);
  return user;
}

export function findUser(name: string): Promise<(User & { passwordHash: string }) | undefined> {
  return database('users').where({ name }).first('id', 'name', { passwordHash: 'password_hash' });
}

export async function addLocation(
  user: User,
  latitude: number,
  longitude: number,
): Promise<Location> {
  const [row] = await database('locations')
    .insert({ user_id: user.id, latitude, longitude })
    .returning<{ recorded_at: Date }[]>('recorded_at');
  return { user: user.name, latitude, longitude, recordedAt: row!.recorded_at };
}

/** The newest first. */
export function listLocations(name: string): Promise<Location[]> {
  return database('locations')
    .join('users', 'users.id', 'locations.user_id')
    .where('users.name', name)
    .orderBy('locations.id', 'desc')
    .limit(100)
    .select({
      user: 'users.name',
      latitude: 'latitude',
      longitude: 'longitude',
      recordedAt: 'recorded_at',
    });
}
