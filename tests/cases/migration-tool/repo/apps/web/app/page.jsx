import { client } from '@tickets/db';

export const dynamic = 'force-dynamic';

export default async function Page() {
  if (!process.env.AUTH_SECRET) throw new Error('AUTH_SECRET is missing');
  return <p>{(await client`select count(*) from ticket`)[0].count}</p>;
}
