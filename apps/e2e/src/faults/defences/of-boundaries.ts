import { inBuilt, inEvals, type Defence } from './defence.js';

const policy = inBuilt('apps/policy');
const executor = inBuilt('apps/executor');
const limits = inBuilt('libs/workflow-kit');
/** Cases that are made from the permission map: they stand in no file. */
const made = inEvals();
const HOLDS = 'get_order asked for by support-agent is answered';

/** What each suite made from the permission map rests on: its case fails without it. */
export const BOUNDARY_DEFENCES: readonly Defence[] = [
  {
    name: "boundary: the tenant's own records",
    removals: [
      inBuilt('apps/helpdesk')(
        'reads',
        'r where tenant = $1 and ${key} = $2`',
        'r where $1::text <> $2 and ${key} = $2`',
      ),
    ],
    caughtBy: [made('get_order asked for by support-agent does not find the order of another tenant', HOLDS)],
  },
  {
    name: 'boundary: leave for restricted records',
    removals: [executor('attempt', 'actor.roles.some((role) => restricted.includes(role))', 'true')],
    caughtBy: [made('get_order asked for by support-agent of a restricted order fails as RECORD_RESTRICTED', HOLDS)],
  },
  {
    name: "boundary: the tool's roles",
    removals: [limits('before-rules', '?? needed(name, permissions.roles)', '')],
    caughtBy: [made('issue_refund asked for by admin is denied as PERMISSION_DENIED, and nothing is done', HOLDS)],
  },
  {
    name: 'boundary: the limit of an action',
    removals: [limits('before-rules', 'abs().lessThanOrEqualTo(limit)', 'abs().lessThan(limit)')],
    caughtBy: [
      made(
        'issue_refund of 1000.00 EUR, the most that one action may move, waits for support-lead, and is done once they agree',
        HOLDS,
      ),
    ],
  },
  {
    name: 'boundary: the limit of a session',
    removals: [policy('limits', 'if (sizeOf(amount).lessThanOrEqualTo(left))', 'if (true)')],
    caughtBy: [
      made('issue_refund of 2000.00 EUR, the most that a session may move, leaves nothing for 0.01 more', HOLDS),
    ],
  },
  {
    name: 'boundary: the budget of a day',
    removals: [policy('limits', 'if (is.plus(more).lessThanOrEqualTo(most))', 'if (true)')],
    caughtBy: [made('draft_reply is done 25 times a day (replies-of-a-user), and not once more', HOLDS)],
  },
  {
    name: 'boundary: the approvals of the map',
    removals: [inBuilt('libs/policy-kit')('permission-needs', 'abs().lessThanOrEqualTo(over)', 'abs().lessThan(over)')],
    caughtBy: [made('issue_refund with 50.00 for amount is done', HOLDS)],
  },
  {
    name: 'boundary: nobody approves what they asked for',
    removals: [inBuilt('apps/approval')('answer', 'if (actor.sub === person.sub)', 'if (false)')],
    caughtBy: [made('issue_refund is not approved by whoever asked for it', HOLDS)],
  },
  {
    name: 'boundary: a dry run changes nothing',
    removals: [policy('judge', "action.dryRun ? 'preview' : 'commit'", "'commit'")],
    caughtBy: [made('issue_refund asked for by support-agent as a dry run is previewed, and nothing is done', HOLDS)],
  },
  {
    // Three layers, each of which is enough: policy decides once, the executor runs a warrant once, the target knows the key.
    name: 'boundary: one effect of one request',
    removals: [
      policy('decide', 'if (states.get(intentKey(intentId)))', 'if (false)'),
      executor('decide', 'work({ id: jti, kind: GRANT', 'work({ id: `${jti}/${incoming.record.offset}`, kind: GRANT'),
      executor(
        'attempt',
        'const { idempotencyKey } = warrant;',
        'const idempotencyKey = warrant.idempotencyKey.slice(0, -8) + String(Math.random()).slice(2, 10);',
      ),
    ],
    caughtBy: [made('issue_refund asked for once and delivered five times is done once', HOLDS)],
  },
  {
    name: 'boundary: the stage',
    removals: [policy('gates', "stageOf(of.intent) !== 'read-only'", "stageOf(of.intent) !== 'none'")],
    caughtBy: [
      made(
        'issue_refund at the stage read-only is denied as STAGE_FORBIDS but for a dry run, and nothing is done',
        HOLDS,
      ),
    ],
  },
  {
    name: 'boundary: the kill switch',
    removals: [policy('gates', 'if (!kill)', 'if (true)')],
    caughtBy: [made('issue_refund is denied as KILLED while kill/tenant/own is on', HOLDS)],
  },
  {
    name: 'boundary: the release',
    removals: [
      policy(
        'gates',
        'changesState(contract, action) || of.control.isReleased(workflow, fingerprint)',
        'changesState(contract, action) || true',
      ),
    ],
    caughtBy: [
      made('issue_refund without a release is denied as NOT_RELEASED but for a dry run, and nothing is done', HOLDS),
    ],
  },
];
