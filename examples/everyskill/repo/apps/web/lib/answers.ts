export const refuse = (status: 400 | 401 | 404 | 502 | 503, error: string) =>
  Response.json({ error }, { status });

/** The body of a request, or undefined where it is no JSON. */
export const bodyOf = (request: Request): Promise<unknown> => request.json().catch(() => undefined);
