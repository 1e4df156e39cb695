'use client';

import { useState, type FormEvent, type ReactNode } from 'react';
import { useRouter } from 'next/navigation';

/** A form that posts its fields as JSON and shows the page anew. */
export function JsonForm({ action, children }: { action: string; children: ReactNode }) {
  const router = useRouter();
  const [message, setMessage] = useState('');

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = event.currentTarget;
    try {
      const response = await fetch(action, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(Object.fromEntries(new FormData(form))),
      });
      if (!response.ok) throw new Error(`the server answered ${response.status}`);
      form.reset();
      setMessage('');
      router.refresh();
    } catch (error) {
      setMessage(`That did not work: ${(error as Error).message}`);
    }
  }

  return (
    <form onSubmit={submit}>
      {children}
      <p role="status">{message}</p>
    </form>
  );
}
