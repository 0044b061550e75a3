import { register } from 'node:module';

/**
 * Starts OpenTelemetry, only if an exporter is configured (`OTEL_EXPORTER_OTLP_ENDPOINT` or `OTEL_TRACES_EXPORTER`): HTTP
 * and PostgreSQL are instrumented. Must run before anything that is to be instrumented is loaded.
 */
export async function startTelemetry(service: string, env: NodeJS.ProcessEnv = process.env): Promise<void> {
  if (!env['OTEL_EXPORTER_OTLP_ENDPOINT'] && !env['OTEL_TRACES_EXPORTER']) return;
  register('@opentelemetry/instrumentation/hook.mjs', import.meta.url);
  const { NodeSDK } = await import('@opentelemetry/sdk-node');
  const { HttpInstrumentation } = await import('@opentelemetry/instrumentation-http');
  const { PgInstrumentation } = await import('@opentelemetry/instrumentation-pg');
  const instrumentations = [new HttpInstrumentation(), new PgInstrumentation({ requireParentSpan: true })];
  const sdk = new NodeSDK({ serviceName: env['OTEL_SERVICE_NAME'] ?? `countersign-${service}`, instrumentations });
  sdk.start();
  // Before the process ends by itself; `beforeExit` does not come after process.exit.
  process.once('SIGTERM', () => void sdk.shutdown());
  process.once('SIGINT', () => void sdk.shutdown());
}
