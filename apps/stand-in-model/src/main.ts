import { readConfig } from './config.js';
import { buildServer } from './server.js';

async function main(): Promise<void> {
  const config = readConfig(process.env);
  const app = buildServer(config.LOG_LEVEL);
  await app.listen({ host: config.HOST, port: config.PORT });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void app.close().catch(fail));
}

function fail(error: unknown): void {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}

main().catch(fail);
