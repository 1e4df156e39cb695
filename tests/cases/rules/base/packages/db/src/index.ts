import { Pool } from "pg";

const url = process.env.DATABASE_URL;
if (!url) throw new Error("DATABASE_URL is missing");

export const pool = new Pool({ connectionString: url });
