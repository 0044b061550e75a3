import { devToken } from './dev-token.js';
import { StartFailed } from './errors.js';

/** Where stages are set, and who the embedded provider lets set them. */
export interface StagedSystem {
  gateway: string;
  identity: string;
}

const RELEASER = 'ruth';
const STAGE = 'scoped';
const REASON = 'the embedded start';

/**
 * Lets every loaded workflow that nobody ever set a stage for commit within its limits, in `ruth`'s name, and returns once that is in
 * force. A stage that is on record stays: a demotion outlives a restart.
 *
 * @throws StartFailed when a stage is not in force in time
 */
export async function publishStages({ gateway, identity }: StagedSystem): Promise<string[]> {
  const token = await devToken(identity, RELEASER);
  const call = (method: 'GET' | 'PUT', path: string, body?: object) => ask(`${gateway}${path}`, method, token, body);
  const [workflows, control] = await Promise.all([call('GET', '/v1/workflows'), call('GET', '/v1/control')]);
  const due = unstaged(workflows as Workflows, control as Control);
  await Promise.all(
    due.map((name) =>
      call('PUT', `/v1/control/stage/${encodeURIComponent(name)}`, { stage: STAGE, reason: REASON, waitSeconds: 30 }),
    ),
  );
  return due;
}

interface Workflows {
  data: { name: string }[];
}
interface Control {
  stages: { workflow: string; tenant?: string | null }[];
}

/** Of one tenant alone, a stage says nothing of the others. */
export function unstaged({ data }: Workflows, { stages }: Control): string[] {
  const said = new Set(stages.filter(({ tenant }) => !tenant).map(({ workflow }) => workflow));
  return data.map(({ name }) => name).filter((name) => !said.has(name));
}

async function ask(url: string, method: string, token: string, body?: object): Promise<unknown> {
  const answer = await fetch(url, {
    method,
    headers: { authorization: `Bearer ${token}`, ...(body ? { 'content-type': 'application/json' } : {}) },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  const text = await answer.text();
  if (!answer.ok) throw new StartFailed(`${method} ${new URL(url).pathname} answered ${answer.status}: ${text}`);
  return JSON.parse(text) as unknown;
}

/** Nobody of a provider of the user's own is known here, so nothing is set in anybody's name. */
export const STAGES_ARE_YOURS =
  'With an OIDC_ISSUER of your own no stage is set for you: a workflow without one changes no state until somebody whose role is ' +
  'release or sre runs `npx countersign stage set --workflow NAME --stage scoped --reason WHY`.';
