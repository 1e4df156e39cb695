function required(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set`);
  return value;
}

export const PORT = Number(process.env.PORT || 3001);

/** What callers have to show: the API has the same one. */
export const TEE_WORKER_SECRET = required('TEE_WORKER_SECRET');

/** Signs the seals; nobody but this worker has it. */
export const TEE_SEAL_KEY = required('TEE_SEAL_KEY');
