import { readConfig, type Config } from './config.js';
import { prepareRights } from './rights.js';
import { migrateSchemas } from './schemas.js';
import { prepareTopics } from './topics.js';

const EXIT_FAILED = 1;
const EXIT_SETTINGS = 2;

function end(error: unknown, exitCode: number): never {
  console.error(error instanceof Error ? `${error.message}${error.cause ? ` (${String(error.cause)})` : ''}` : error);
  process.exit(exitCode);
}

function settings(): Config {
  try {
    return readConfig(process.env);
  } catch (error) {
    return end(error, EXIT_SETTINGS);
  }
}

const config = settings();
try {
  const [migrations, topics, rights] = await Promise.all([
    migrateSchemas(config),
    prepareTopics(config.kafka, config.topics),
    config.rights && prepareRights(config.kafka, config.rights),
  ]);
  console.log(JSON.stringify({ migrations, topics, ...(rights && { rights }) }));
} catch (error) {
  end(error, EXIT_FAILED);
}
