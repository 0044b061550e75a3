import { type MemberSeen } from '@countersign/contracts';
import { type Shape, instant, mainAction, readAction, ARGUMENTS, Story } from './story.fixture.js';

const approvedByBob = () =>
  asked().person('granted', 'h1').grant({ grant: 'commit', jti: 'jti_c', preview: 'pre_1', approver: 'bob' });
const asked = () =>
  new Story()
    .intent()
    .readFirst()
    .propose()
    .grant({ grant: 'preview', jti: 'jti_p' })
    .previewed('jti_p', 'pre_1')
    .escalate('h1', 'pre_1');
const member = (sub: string): MemberSeen => ({
  sub,
  roles: ['support-lead'],
  active: true,
  system: 'helpdesk',
  at: instant(0),
});
const byRule = () => new Story().intent().propose().grant({ grant: 'commit', jti: 'jti_c' });

const REFUNDS = 'kill/tool/issue_refund';
const ACME_STAGE = 'stage/workflow/support-desk/tenant/acme';
const TRIP = { killed: true, reason: 'INC-42', by: 'ops' };
const HALF = { ...ARGUMENTS, amount: '450.00' };

/** Every shape an action of the demo, or one like it, ends in. */
export const SHAPES: Record<string, () => Shape> = {
  'a question answered from a read': () => {
    const story = new Story()
      .intent()
      .propose()
      .grant({ grant: 'read', jti: 'jti_1' })
      .read(mainAction, 'jti_1', 'issue_refund');
    return story.reply('read');
  },
  'a commit by rule at once': () => byRule().committed('jti_c').reply('committed'),
  'a commit by rule on its preview': () =>
    new Story()
      .intent()
      .readFirst()
      .propose()
      .grant({ grant: 'preview', jti: 'jti_p' })
      .previewed('jti_p', 'pre_1')
      .grant({ grant: 'commit', jti: 'jti_c', preview: 'pre_1' })
      .committed('jti_c')
      .reply('committed', [readAction]),
  'a request for one tool call': () =>
    new Story().request().grant({ grant: 'commit', jti: 'jti_c' }).committed('jti_c').reply('committed'),
  'a dry run': () =>
    new Story()
      .request(true)
      .grant({ grant: 'preview', jti: 'jti_p', dryRun: true })
      .previewed('jti_p', 'pre_1')
      .reply('previewed'),
  'denied by rule': () => new Story().intent().propose().deny('PERMISSION_DENIED').reply('denied'),
  'denied on its preview': () =>
    new Story()
      .intent()
      .propose()
      .grant({ grant: 'preview', jti: 'jti_p' })
      .previewed('jti_p', 'pre_1')
      .deny('PERMISSION_DENIED')
      .reply('denied'),
  'approved by a person': () => approvedByBob().committed('jti_c').reply('committed', [readAction]),
  'rejected by a person': () =>
    asked().person('rejected', 'h1').deny('APPROVAL_REJECTED').reply('denied', [readAction]),
  'nobody decided in time': () => asked().expire('h1').deny('APPROVAL_EXPIRED').reply('denied', [readAction]),
  'the preview changed and a person approved again': () =>
    approvedByBob()
      .returned('jti_c', 'PREVIEW_CHANGED', 'pre_2')
      .escalate('h2', 'pre_2')
      .person('granted', 'h2', 'carol')
      .grant({ grant: 'commit', jti: 'jti_c2', preview: 'pre_2', approver: 'carol' })
      .committed('jti_c2')
      .reply('committed', [readAction]),
  'the warrant expired and was issued again': () =>
    byRule()
      .returned('jti_c', 'WARRANT_EXPIRED')
      .grant({ grant: 'commit', jti: 'jti_c2' })
      .committed('jti_c2')
      .reply('committed'),
  'stale context, planned anew': () =>
    byRule().returned('jti_c', 'STALE_CONTEXT').deny('STALE_CONTEXT').reply('denied'),
  'approved after a long wait, roles looked up again': () =>
    asked()
      .person('granted', 'h1')
      .grant({ grant: 'preview', jti: 'jti_p2', people: ['alice', 'bob'] })
      .previewed('jti_p2', 'pre_1', [member('alice'), member('bob')])
      .grant({ grant: 'commit', jti: 'jti_c', preview: 'pre_1', approver: 'bob' })
      .committed('jti_c', true)
      .reply('committed', [readAction]),
  'approved after a long wait by who has lost the role': () =>
    asked()
      .person('granted', 'h1')
      .grant({ grant: 'preview', jti: 'jti_p2', people: ['alice', 'bob'] })
      .previewed('jti_p2', 'pre_1', [member('alice'), { ...member('bob'), roles: [] }])
      .deny('PERMISSION_DENIED')
      .reply('denied', [readAction]),
  'the target said no': () => byRule().failed('jti_c').reply('failed'),
  'the target said no to its preview': () =>
    new Story()
      .intent()
      .propose()
      .grant({ grant: 'preview', jti: 'jti_p' })
      .failed('jti_p', 'NOT_FOUND', undefined, 'preview')
      .reply('failed'),
  "another tenant's record": () => byRule().failed('jti_c', 'NOT_FOUND', 'TENANT_MISMATCH').reply('failed'),
  'blocked by a kill switch': () => byRule().control(REFUNDS, TRIP, 'applied', 'ops').blocked('jti_c').reply('blocked'),
  'denied while a kill switch is on that a stranger tried to re-arm': () =>
    new Story()
      .control('kill/*', TRIP, 'applied')
      .control('kill/*', { killed: false, by: 'sam' }, 'applied', 'sam')
      .control(REFUNDS, TRIP, 'applied')
      .control(REFUNDS, { killed: false, by: 'sam' }, 'refused')
      .control('kill/tenant/globex', TRIP, 'applied')
      .intent()
      .propose()
      .deny('KILLED', `${REFUNDS} is on: INC-42`)
      .control(REFUNDS, { killed: false }, 'applied', 'sam')
      .reply('denied'),
  'blocked after the switch was re-armed, since it was decided on before': () =>
    byRule()
      .control(REFUNDS, TRIP, 'applied', 'ops')
      .control(REFUNDS, { killed: false }, 'applied', 'sam')
      .blocked('jti_c', 'KILLED', `${REFUNDS} was on since it was decided on`)
      .reply('blocked'),
  'forbidden by a stage that was set': () =>
    new Story()
      .control('stage/workflow/support-desk', { stage: 'scoped' }, 'applied', 'ruth')
      .control(ACME_STAGE, { stage: 'draft-only', reason: 'trial' }, 'applied', 'ruth')
      .intent()
      .propose()
      .grant({ grant: 'commit', jti: 'jti_c' })
      .blocked('jti_c', 'STAGE_FORBIDS', 'support-desk is at stage draft-only: it cannot commit')
      .reply('blocked'),
  'forbidden by the stage nobody set': () =>
    new Story()
      .intent()
      .propose()
      .deny('STAGE_FORBIDS', 'support-desk is at the stage read-only for acme')
      .reply('denied'),
  'drafted, since the stage allows no more': () =>
    new Story()
      .intent()
      .propose()
      .grant({ grant: 'draft', jti: 'jti_d', facts: { stage: 'draft-only' } })
      .drafted('jti_d')
      .reply('drafted'),
  'changed by a person, and approved by another': () =>
    asked()
      .edited('h1', 'carol', HALF)
      .grant({ grant: 'preview', jti: 'jti_p2' })
      .previewed('jti_p2', 'pre_2')
      .escalate('h2', 'pre_2')
      .person('granted', 'h2', 'bob')
      .grant({ grant: 'commit', jti: 'jti_c', preview: 'pre_2', approver: 'bob' })
      .committed('jti_c')
      .reply('committed', [readAction]),
  'approved by the two people it takes': () =>
    new Story()
      .intent()
      .propose()
      .grant({ grant: 'preview', jti: 'jti_p' })
      .previewed('jti_p', 'pre_1')
      .escalate('h1', 'pre_1', 2)
      .shown('bob', 'h1')
      .handOn('h1', 'bob', 'carol')
      .person('granted', 'h1')
      .person('granted', 'h1', 'carol')
      .grant({ grant: 'commit', jti: 'jti_c', preview: 'pre_1', approver: ['bob', 'carol'] })
      .committed('jti_c')
      .shown('audra')
      .incident('opened', 'paid twice')
      .reply('committed'),
  'proposed anew after another went stale': () =>
    new Story()
      .intent()
      .propose(readAction, 0)
      .grant({ grant: 'commit', jti: 'jti_s', actionId: readAction })
      .stale(readAction, 'jti_s')
      .propose()
      .grant({ grant: 'commit', jti: 'jti_c' })
      .committed('jti_c')
      .reply('committed'),
  'in doubt and found by look-up': () => byRule().inDoubt('jti_c').resolved('jti_c', 'lookup').reply('resolved'),
  'in doubt and settled by a person': () =>
    byRule().inDoubt('jti_c').verdict('bob', true).resolved('jti_c', 'person').reply('resolved'),
  'in doubt and settled by a person after another whom policy did not believe': () =>
    byRule()
      .inDoubt('jti_c')
      .verdict('carol', false)
      .verdict('bob', true)
      .resolved('jti_c', 'person')
      .reply('resolved'),
};
