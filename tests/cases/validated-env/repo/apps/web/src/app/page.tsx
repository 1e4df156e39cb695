import { env } from '../env';

export default async function Page() {
  return <p>{await (await fetch(env.BACKEND_URL)).text()}</p>;
}
