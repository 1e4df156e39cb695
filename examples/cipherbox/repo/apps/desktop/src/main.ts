import { encrypt, importKey, toBase64 } from '@cipherbox/crypto';
import { invoke } from '@tauri-apps/api/core';
import { getCurrentWebview } from '@tauri-apps/api/webview';
// Its requests come from no web page, so that the API's CORS does not concern them.
import { fetch } from '@tauri-apps/plugin-http';

const form = document.querySelector<HTMLFormElement>('#drive')!;
const log = document.querySelector('#log')!;

await getCurrentWebview().onDragDropEvent(async ({ payload }) => {
  if (payload.type !== 'drop' || !form.reportValidity()) return;
  for (const path of payload.paths) {
    await store(path).then(
      () => tell(`${path} is stored`),
      (error) => tell(`${path}: ${error}`),
    );
  }
});

/** Encrypt a file of this computer and store it in the drive of the form. */
async function store(path: string) {
  const { api, token, key } = Object.fromEntries(new FormData(form)) as Record<string, string>;
  const content = new Uint8Array(await invoke<ArrayBuffer>('read_file', { path }));
  const encrypted = await encrypt(await importKey(key!), content);
  const response = await fetch(new URL('/files', api), {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ name: path.split(/[\\/]/).at(-1), contentBase64: toBase64(encrypted) }),
  });
  if (!response.ok) throw new Error(`the API answered ${response.status}`);
}

function tell(text: string) {
  const line = document.createElement('li');
  line.textContent = text;
  log.append(line);
}
