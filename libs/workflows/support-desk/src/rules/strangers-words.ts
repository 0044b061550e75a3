import { defineRule, escalate, pass } from '@countersign/policy-kit';

/** What decides where the money goes and how much it is. */
const DECISIVE = ['orderId', 'amount'];

export const strangersWords = defineRule({
  name: 'strangers-words',
  title: 'A refund that a stranger asked for is decided by a person',
  tools: ['issue_refund'],
  decide({ provenance }) {
    const theirs = DECISIVE.filter((name) => provenance[name]?.trust === 'untrusted');
    return theirs.length === 0
      ? pass("no decisive value stands in a stranger's text alone")
      : escalate(`${theirs.join(' and ')}: from a stranger's text, not from the user`, ['support-lead']);
  },
});
