import { Controller, Get, Header } from '@nestjs/common';
import { MetricsService } from './metrics.service';

@Controller('metrics')
export class MetricsController {
  constructor(private readonly metrics: MetricsService) {}

  /** For the monitoring inside the stack: the proxy refuses it to the world. */
  @Get()
  @Header('Content-Type', 'text/plain; version=0.0.4')
  read(): string {
    return this.metrics.text();
  }
}
