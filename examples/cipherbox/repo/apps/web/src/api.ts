/** Where the API is, as browsers reach it. */
const API_URL = import.meta.env.VITE_API_URL ?? 'http://localhost:3000';

export interface StoredFile {
  id: string;
  name: string;
  size: number;
  cid: string;
  createdAt: string;
  seal: string | null;
  sealedAt: string | null;
}

export type FileWithContent = StoredFile & { contentBase64: string };

export function createDrive(): Promise<{ drive: string; token: string }> {
  return call('POST', '/drives');
}

export function listFiles(token: string): Promise<StoredFile[]> {
  return call('GET', '/files', token);
}

export function readFile(token: string, id: string): Promise<FileWithContent> {
  return call('GET', `/files/${id}`, token);
}

export function storeFile(token: string, name: string, contentBase64: string): Promise<StoredFile> {
  return call('POST', '/files', token, { name, contentBase64 });
}

export function sealFile(token: string, id: string): Promise<StoredFile> {
  return call('POST', `/files/${id}/seal`, token);
}

async function call<Answer>(
  method: string,
  path: string,
  token?: string,
  body?: unknown,
): Promise<Answer> {
  const headers = new Headers();
  if (token) headers.set('authorization', `Bearer ${token}`);
  if (body) headers.set('content-type', 'application/json');
  const response = await fetch(`${API_URL}${path}`, {
    method,
    headers,
    body: body ? JSON.stringify(body) : null,
  });
  if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}`);
  return (await response.json()) as Answer;
}
