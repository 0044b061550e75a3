import { defineRule, escalate, pass, type RuleFacts } from '@countersign/policy-kit';

/** What decides where it goes and how much it is. A change of roles and a deletion are asked about in any case. */
const DECISIVE: Readonly<Record<string, readonly string[]>> = {
  issue_refund: ['orderId', 'amount'],
  create_ticket: ['customerId'],
  draft_reply: ['ticketId'],
};

export const strangersWords = defineRule({
  name: 'strangers-words',
  title: 'What a stranger asked for, or the model made up, is decided by a person',
  tools: Object.keys(DECISIVE),
  decide(facts) {
    const objections = DECISIVE[facts.tool.name]!.flatMap((name) => objection(name, facts) ?? []);
    return objections.length === 0
      ? pass('the user or a record gave every decisive value')
      : escalate(objections.join('; '), ['support-lead']);
  },
});

/** In a call that somebody makes without a model, every value is the caller's own. */
function objection(name: string, { provenance, proposedBy }: RuleFacts): string | undefined {
  const { origin, trust } = provenance[name] ?? {};
  if (trust === 'untrusted') return `${name}: from a stranger's text, not from the user`;
  if (origin === 'model' && proposedBy === 'model')
    return `${name}: from the model, neither from the user nor from a record it read for this request`;
  return undefined;
}
