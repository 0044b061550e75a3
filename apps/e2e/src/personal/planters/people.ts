import type { ApprovalItem } from '@countersign/demo';
import { http, produce, publish, type Stage } from '../stage.js';

const refund = (reason: string) => ({
  tool: 'issue_refund',
  arguments: { orderId: 'ord_14920', amount: '60.00', currency: 'EUR', reason },
});

/** What people say when they decide: reasons, names, changed arguments. */
export async function deciding(stage: Stage): Promise<void> {
  const { dealer, bob, carol } = stage;
  const reasonOf = (path: string) => dealer.words(path);
  const item = async (): Promise<ApprovalItem> => {
    const intentId = await publish(stage, { data: refund(dealer.words('an argument that a person decides on')) });
    const found = await bob.approvalOf(intentId, 30_000);
    if (!found) throw new Error(`no approval of ${intentId} was opened`);
    return found;
  };
  const [yes, no, handed, edited] = await Promise.all([item(), item(), item(), item()]);
  await Promise.all([
    bob.decide(yes, 'approve', reasonOf('reason of a yes')).then(answered(200)),
    bob.decide(no, 'reject', reasonOf('reason of a no')).then(answered(200)),
    handOn(stage, handed),
    bob.edit(edited, { reason: dealer.one('an edited argument') }, 'as we said').then(answered(422)),
  ]);
  await carol.edit(edited, { amount: '55.00' }, reasonOf('reason of an edit')).then(answered(200));
  const again = await bob.approvalOf(edited.intentId, 30_000, edited);
  if (!again) throw new Error(`nobody was asked again after the edit of ${edited.intentId}`);
  await bob.decide(again, 'reject', reasonOf('reason of a no')).then(answered(200));
}

type Answer = Awaited<ReturnType<Stage['bob']['decide']>>;

const answered = (expected: number) => (answer: Answer) => {
  if (answer.status === expected) return;
  throw new Error(`an approval was answered ${answer.status}, not ${expected}: ${JSON.stringify(answer.body)}`);
};

async function handOn(stage: Stage, handed: ApprovalItem): Promise<void> {
  const { dealer, bob } = stage;
  const path = `/v1/approvals/${handed.approvalId}`;
  for (const { text } of dealer.deal('whom an approval is handed to')) {
    const body = { to: text, reason: dealer.words('reason of handing it on') };
    await http(stage, bob.token, 'POST', `${path}/delegate`, { body });
  }
  await bob.call('POST', `${path}/claim`, { release: true });
  await bob.decide(handed, 'reject', dealer.words('reason of a no')).then(answered(200));
}

/** Reasons of switches, of people over HTTP and of whoever writes the topic, on a tenant that does not exist. */
export async function switching(stage: Stage): Promise<void> {
  const { dealer, sam, run } = stage;
  const scope = `tenant/personal-${run}`;
  const path = `/v1/control/kill/${encodeURIComponent(scope)}`;
  await http(stage, sam.token, 'PUT', path, {
    body: { killed: true, reason: dealer.words('reason of a switch'), waitSeconds: 0 },
  });
  await http(stage, sam.token, 'PUT', path, {
    body: { killed: false, reason: dealer.words('reason of a switch'), waitSeconds: 0 },
  });
  const said = {
    killed: true,
    reason: dealer.words('reason on the control topic'),
    by: dealer.one('by on the control topic'),
  };
  const plain = (key: string, value: object, headers: Record<string, string> = {}) => ({
    key,
    value: JSON.stringify(value),
    headers,
  });
  await produce(
    stage,
    'control',
    plain(`kill/${scope}-plain`, said),
    plain(`kill/${scope}-plain`, { ...said, killed: false }),
    plain(`kill/${scope}-plain`, { killed: true, [dealer.one('a field of a switch')]: 1, reason: 'x' }),
    plain(`stage/workflow/${dealer.one('a scope', { kinds: ['email'], encodings: ['plain', 'percent', 'upper'] })}`, {
      stage: 'scoped',
      by: dealer.one('by on the control topic'),
    }),
    plain(`kill/${scope}-plain`, said, { 'x-note': dealer.one('a header of the control topic') }),
  );
}
