import { encrypt, toBase64 } from '@cipherbox/crypto';
import { useEffect, useState } from 'react';
import { Link } from 'wouter';
import { listFiles, storeFile, type StoredFile } from './api';
import type { Drive } from './drive';

export function FilesPage({ drive }: { drive: Drive }) {
  const [files, setFiles] = useState<StoredFile[]>([]);
  const [problem, setProblem] = useState('');

  useEffect(() => {
    listFiles(drive.token).then(setFiles, (error: Error) => setProblem(error.message));
  }, [drive]);

  async function store(chosen: File) {
    try {
      const content = new Uint8Array(await chosen.arrayBuffer());
      const encrypted = await encrypt(drive.key, content);
      const stored = await storeFile(drive.token, chosen.name, toBase64(encrypted));
      setFiles((before) => [stored, ...before]);
    } catch (error) {
      setProblem((error as Error).message);
    }
  }

  return (
    <>
      <label>
        Store a file{' '}
        <input type="file" onChange={({ target }) => target.files?.[0] && store(target.files[0])} />
      </label>
      {problem && <p role="alert">{problem}</p>}
      <ul>
        {files.map((file) => (
          <li key={file.id}>
            <Link href={`/files/${file.id}`}>{file.name}</Link> {file.size} bytes
            {file.seal && ', sealed'}
          </li>
        ))}
      </ul>
    </>
  );
}
