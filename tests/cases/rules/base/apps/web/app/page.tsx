const api = process.env.NEXT_PUBLIC_API_URL ?? "http://localhost:4000";

export default function Page() {
  return <a href={api}>shop</a>;
}
