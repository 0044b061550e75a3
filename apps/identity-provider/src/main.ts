import { readConfig } from './config.js';
import { loadKeys } from './keys.js';
import { buildProvider } from './provider.js';
import { buildServer } from './server.js';

function main(): void {
  const config = readConfig(process.env);
  const server = buildServer(buildProvider(config, loadKeys(config.IDENTITY_DATA_DIR)));
  server.on('error', fail);
  server.listen(config.PORT, config.HOST, () =>
    console.log(`identity-provider (development only) is ${config.OIDC_ISSUER}`),
  );
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => server.close());
}

function fail(error: unknown): void {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}

try {
  main();
} catch (error) {
  fail(error);
}
