import type { Health } from '@forgestack/shared';

export const dynamic = 'force-dynamic';

export function GET() {
  const health: Health = { status: 'ok', service: 'web', uptime: process.uptime() };
  return Response.json(health);
}
