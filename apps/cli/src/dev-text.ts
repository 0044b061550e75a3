import path from 'node:path';
import type { DemoRow } from '@countersign/demo';
import type { System, SystemUrls } from '@countersign/embedded';
import { fields } from './output.js';

/** A row as anyone outside may rely on it. */
export function publicRow({ intent, proposed, policy, person, executor, intentId, actionIds, ok }: DemoRow) {
  return { intent, proposed, policy, person, executor, intentId, actionIds, ok };
}

/** The one line of `dev --json`. */
export const readyLine = (urls: SystemUrls, pids: Record<string, number[]>, rows: DemoRow[]) => ({
  urls,
  pids,
  rows: rows.map(publicRow),
});

export function placesText(
  { urls, dataDir, kafkaUsers }: Pick<System, 'urls' | 'dataDir' | 'kafkaUsers'>,
  ownModel: boolean,
): string {
  const database = new URL(urls.postgres);
  database.password = '';
  return fields({
    console: `${urls.gateway}/`,
    gateway: urls.gateway,
    openapi: `${urls.gateway}/openapi.json`,
    helpdesk: `${urls.helpdesk}/ledger`,
    identity: urls.identity,
    model: ownModel ? "OpenAI's, by OPENAI_API_KEY" : `${urls.model} (a deterministic stand-in: no OPENAI_API_KEY)`,
    kafka: kafkaUsers ? `${urls.kafka} (SASL; its users' passwords: ${kafkaUsers})` : urls.kafka,
    postgres: database.href,
    logs: path.join(dataDir, 'logs'),
  });
}

/** What to try next, with an action of the demo where one was played. */
export function nextText(rows: Pick<DemoRow, 'actionIds'>[]): string {
  const action = rows.findLast(({ actionIds }) => actionIds.length > 0)?.actionIds.at(-1) ?? '<action>';
  return [
    'Open the console in a browser and sign in as bob. Try next, in another terminal:',
    '  npx countersign intents send "Refund 900 € on order ord_1004, it never came." --as alice',
    '  npx countersign approvals list --status open --as bob',
    '  npx countersign approvals approve <approval> --reason "checked" --as bob',
    `  npx countersign explain ${action} --as audra`,
    '  npx countersign tail',
    'Ctrl-C stops everything.',
  ].join('\n');
}
