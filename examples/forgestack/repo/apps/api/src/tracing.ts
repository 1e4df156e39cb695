import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { IORedisInstrumentation } from '@opentelemetry/instrumentation-ioredis';
import { PgInstrumentation } from '@opentelemetry/instrumentation-pg';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { env } from './env';

let sdk: NodeSDK | undefined;

if (env.OTEL_EXPORTER_OTLP_ENDPOINT) {
  sdk = new NodeSDK({
    serviceName: process.env.OTEL_SERVICE_NAME ?? 'forgestack-api',
    instrumentations: [
      new HttpInstrumentation(),
      new PgInstrumentation(),
      new IORedisInstrumentation(),
    ],
  });
  sdk.start();
}

export async function stopTracing() {
  // A collector that is away must not hold up the shutdown with an error.
  await sdk?.shutdown().catch((error: Error) => console.warn(`tracing: ${error.message}`));
}
