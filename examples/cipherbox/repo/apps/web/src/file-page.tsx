import { decrypt, fromBase64 } from '@cipherbox/crypto';
import { useEffect, useState } from 'react';
import { readFile, sealFile, type StoredFile } from './api';
import type { Drive } from './drive';

export function FilePage({ drive, id }: { drive: Drive; id: string }) {
  const [file, setFile] = useState<StoredFile>();
  const [address, setAddress] = useState('');
  const [problem, setProblem] = useState('');
  const tell = (error: Error) => setProblem(error.message);

  useEffect(() => {
    let made = '';
    let left = false;
    async function load() {
      const { contentBase64, ...found } = await readFile(drive.token, id);
      const content = await decrypt(drive.key, fromBase64(contentBase64));
      if (left) return;
      made = URL.createObjectURL(new Blob([content]));
      setFile(found);
      setAddress(made);
    }
    load().catch(tell);
    return () => {
      left = true;
      URL.revokeObjectURL(made);
    };
  }, [drive, id]);

  if (problem) return <p role="alert">{problem}</p>;
  if (!file) return <p>Decrypting…</p>;
  return (
    <>
      <h1>{file.name}</h1>
      <p>
        <a href={address} download={file.name}>
          Download
        </a>
      </p>
      {file.seal ? (
        <p>
          Sealed with <code>{file.seal}</code>
        </p>
      ) : (
        <button onClick={() => sealFile(drive.token, id).then(setFile, tell)}>Seal</button>
      )}
    </>
  );
}
