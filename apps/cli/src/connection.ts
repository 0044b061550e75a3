import { DEFAULT_TOPIC_PREFIX } from '@countersign/contracts';
import { devToken } from '@countersign/embedded/places';
import { CliError, EXIT } from './errors.js';
import { readRunning } from './state-file.js';

/** What every verb that talks to a system may be told, on the command line or by the environment. */
export interface ConnectionOptions {
  url?: string;
  token?: string;
  as?: string;
}

const START_ONE = 'Start one here with `npx countersign dev`, or name one with --url or COUNTERSIGN_URL.';

/** The gateway's origin: what was named, else the system that `dev` runs here. */
export function gatewayUrl({ url }: ConnectionOptions): string {
  const found = url || process.env['COUNTERSIGN_URL'] || readRunning()?.urls.gateway;
  if (!found) throw new CliError('No system is running here.', EXIT.usage, START_ONE);
  return found.replace(/\/+$/, '');
}

/** What the topics' names begin with: as the environment says, else that of the system that runs here. */
export const topicPrefix = () => process.env['TOPIC_PREFIX'] || readRunning()?.topicPrefix || DEFAULT_TOPIC_PREFIX;

/** A bearer token: what was given, else one of the embedded identity provider for `--as`. */
export async function bearer({ token, as }: ConnectionOptions): Promise<string> {
  const given = token || (as === undefined ? process.env['COUNTERSIGN_TOKEN'] : undefined);
  if (given) return given;
  if (!as)
    throw new CliError(
      'Who are you?',
      EXIT.usage,
      'Give --as alice (embedded identity provider), --token or COUNTERSIGN_TOKEN.',
    );
  return embeddedToken(as);
}

export async function embeddedToken(user: string, ttlSeconds?: number): Promise<string> {
  const identity = process.env['COUNTERSIGN_IDENTITY_URL'] || readRunning()?.urls.identity;
  if (!identity) throw new CliError('No embedded identity provider is running here.', EXIT.usage, START_ONE);
  try {
    return await devToken(identity, user, ttlSeconds);
  } catch (error) {
    const people =
      'alice, bob, carol, sam, ruth, audra and adam are of acme, erin and gil of globex; assistant is a service account.';
    throw new CliError(error instanceof Error ? error.message : String(error), EXIT.unexpected, people);
  }
}
