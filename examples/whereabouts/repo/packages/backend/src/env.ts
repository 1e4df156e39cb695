function missing(name: string): never {
  throw new Error(`${name} is not set`);
}

export const PORT = Number(process.env.PORT ?? 3000);
export const DATABASE_URL = process.env.DATABASE_URL || missing('DATABASE_URL');
export const JWT_SECRET = process.env.JWT_SECRET || missing('JWT_SECRET');
