import { readConfig } from './config.js';
import { migrate, openPool } from './database.js';
import { buildServer } from './server.js';
import { readTokens, tenantsByToken } from './tokens.js';

async function main(): Promise<void> {
  const config = readConfig(process.env);
  const { HELPDESK_TOKENS_DIR: tokens, HELPDESK_FIXTURES_TOKEN: secret } = config;
  const fixtures = config.HELPDESK_FIXTURES === 'on' ? secret : undefined;
  const tenantOf = tenantsByToken(tokens ? readTokens(tokens) : {});
  const pool = openPool({
    url: config.DATABASE_URL,
    size: config.HELPDESK_POOL_SIZE,
    keyLifetimeMs: config.HELPDESK_KEY_LIFETIME_MS,
    onError: (error) => app.log.warn({ err: error }, 'a connection broke'),
  });
  const app = buildServer({ pool, tenantOf, fixtures, logLevel: config.LOG_LEVEL });
  await migrate(pool);
  await app.listen({ host: config.HOST, port: config.PORT });
  const stop = async () => {
    await app.close();
    await pool.end();
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void stop().catch(fail));
}

function fail(error: unknown): void {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}

main().catch(fail);
