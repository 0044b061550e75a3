import { maskedLine } from './masked-line.js';
import { startTelemetry } from './telemetry.js';

/**
 * The whole of a service's `main.ts`: telemetry first (it can only instrument what is loaded afterwards), then the service.
 *
 *     await launch('policy', () => import('./app.module.js'));
 */
export async function launch(name: string, load: () => Promise<{ start(): Promise<unknown> }>): Promise<void> {
  process.on('uncaughtException', (error) => die(name, error));
  process.on('unhandledRejection', (error) => die(name, error));
  try {
    await startTelemetry(name);
    const { start } = await load();
    await start();
  } catch (error) {
    die(name, error);
  }
}

function die(name: string, error: unknown): never {
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(
    maskedLine(`${JSON.stringify({ level: 60, service: name, msg: 'the process ends', err: message })}\n`),
  );
  process.exit(1);
}
