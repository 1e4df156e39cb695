import Image from 'next/image';
import { Card, StatusBadge } from '@forgestack/ui';
import { QueueJob } from '@/components/queue-job';
import { getHealth, getJobCounts } from '@/lib/api';

// The numbers are those of the moment, and there is no API to ask during the build.
export const dynamic = 'force-dynamic';

export default async function HomePage() {
  const [health, jobs] = await Promise.all([getHealth(), getJobCounts()]);

  return (
    <main>
      <header>
        <Image src="/logo.png" alt="forgestack" width={320} height={96} priority />
        <StatusBadge up={health !== null} label="API" />
      </header>

      <Card title="Reports">
        {jobs ? (
          <dl>
            {Object.entries(jobs).map(([state, number]) => (
              <div key={state}>
                <dt>{state}</dt>
                <dd>{number}</dd>
              </div>
            ))}
          </dl>
        ) : (
          <p>The number of jobs is not available right now.</p>
        )}
      </Card>

      <Card title="New report">
        <QueueJob />
      </Card>
    </main>
  );
}
