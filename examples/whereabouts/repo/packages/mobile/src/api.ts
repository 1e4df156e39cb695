const API_URL = process.env.EXPO_PUBLIC_API_URL ?? 'http://localhost:3000';

export interface Location {
  user: string;
  latitude: number;
  longitude: number;
  recordedAt: string;
}

async function post<T>(path: string, body: object, token?: string): Promise<T> {
  const response = await fetch(`${API_URL}/api${path}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token && { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`the server answered ${response.status}`);
  return (await response.json()) as T;
}

export const logIn = (name: string, password: string) =>
  post<{ token: string }>('/login', { name, password });

export const shareLocation = (token: string, latitude: number, longitude: number) =>
  post<Location>('/locations', { latitude, longitude }, token);

/** Calls back for each location that somebody shares; returns how to stop. */
export function followLocations(token: string, onLocation: (location: Location) => void) {
  const url = `${API_URL.replace(/^http/, 'ws')}/ws?token=${encodeURIComponent(token)}`;
  const socket = new WebSocket(url);
  socket.onmessage = (event) => onLocation(JSON.parse(String(event.data)) as Location);
  return () => socket.close();
}
