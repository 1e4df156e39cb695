'use client';

import { useState, type FormEvent } from 'react';
import { useRouter } from 'next/navigation';
import { Button } from '@forgestack/ui';

const API_URL = process.env.NEXT_PUBLIC_API_URL ?? 'http://localhost:4000';

export function QueueJob() {
  const router = useRouter();
  const [topic, setTopic] = useState('Weekly sign-ups');
  const [message, setMessage] = useState('');
  const [busy, setBusy] = useState(false);

  async function submit(event: FormEvent) {
    event.preventDefault();
    setBusy(true);
    try {
      const response = await fetch(`${API_URL}/api/jobs`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ topic }),
      });
      if (!response.ok) throw new Error(`the API answered ${response.status}`);
      const { id } = (await response.json()) as { id: string };
      setMessage(`Job ${id} is queued.`);
      router.refresh();
    } catch (error) {
      setMessage(`Not queued: ${(error as Error).message}`);
    } finally {
      setBusy(false);
    }
  }

  return (
    <form onSubmit={submit}>
      <input
        aria-label="Topic"
        required
        maxLength={200}
        value={topic}
        onChange={(event) => setTopic(event.target.value)}
      />
      <Button type="submit" disabled={busy}>
        Queue a report
      </Button>
      <p role="status">{message}</p>
    </form>
  );
}
