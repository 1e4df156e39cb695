import { Injectable } from '@nestjs/common';

export type Counter = 'files_stored' | 'files_read' | 'files_sealed';

@Injectable()
export class MetricsService {
  private readonly counters: Record<Counter, number> = {
    files_stored: 0,
    files_read: 0,
    files_sealed: 0,
  };

  count(counter: Counter) {
    this.counters[counter] += 1;
  }

  /** The counters in Prometheus' text format. */
  text(): string {
    return Object.entries(this.counters)
      .map(([name, value]) => {
        const metric = `cipherbox_${name}_total`;
        return `# TYPE ${metric} counter\n${metric} ${value}\n`;
      })
      .join('');
  }
}
