import { defineRule, escalate, pass } from '@countersign/policy-kit';

export const strangersWords = defineRule({
  name: 'strangers-words',
  title: 'What a stranger asked for, or the model made up, is decided by an admin',
  tools: ['can_update_todo', 'can_delete_todo'],
  decide({ provenance, proposedBy }) {
    const { origin, trust } = provenance['todoId'] ?? {};
    if (trust === 'untrusted') return escalate("todoId: from a stranger's text", ['admin']);
    if (origin === 'model' && proposedBy === 'model') return escalate('todoId: from the model', ['admin']);
    return pass('the user or a record named the to-do');
  },
});
