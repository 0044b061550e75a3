import type { NodeSDK } from '@opentelemetry/sdk-node';

let sdk: NodeSDK | undefined;

/**
 * Starts OpenTelemetry if an exporter of traces is configured (`OTEL_EXPORTER_OTLP_ENDPOINT`, `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT` or
 * `OTEL_TRACES_EXPORTER`); else nothing of it is loaded. Spans are the services' own (docs/tracing.md): nothing is instrumented from outside,
 * which would tell of URLs and statements what nobody has looked through.
 */
export async function startTelemetry(service: string, env: NodeJS.ProcessEnv = process.env): Promise<void> {
  if (!isWanted(env)) return;
  // Of the machine and the command line nothing, unless it is asked for.
  env['OTEL_NODE_RESOURCE_DETECTORS'] ??= 'env,serviceinstance';
  const { NodeSDK } = await import('@opentelemetry/sdk-node');
  const serviceName = env['OTEL_SERVICE_NAME'] ?? `countersign-${service}`;
  sdk = new NodeSDK({ serviceName, metricReaders: [], logRecordProcessors: [] });
  sdk.start();
}

/** Sends what was not sent yet. A collector that is away is not waited for longer than its own limits say. */
export async function stopTelemetry(): Promise<void> {
  await sdk?.shutdown().catch(() => {}); // of no consequence to the service, which has stopped
}

function isWanted(env: NodeJS.ProcessEnv): boolean {
  if (env['OTEL_TRACES_EXPORTER'] === 'none') return false;
  const said = ['OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'OTEL_TRACES_EXPORTER'];
  return said.some((name) => env[name]);
}
