import type { Finding } from './finding.js';
import { Bypass, type Granted } from './bypass.js';
import { Switches } from './trips/switches.js';
import type { World } from './world.js';

const STAGES = ['read-only', 'draft-only', 'scoped'] as const;
type Stage = (typeof STAGES)[number];
const GRANTS = ['read', 'preview', 'draft', 'commit'] as const;

const ARGUMENTS: Record<string, object> = {
  create_ticket: { customerId: 'cus_5090', subject: 'stages', body: 'a ticket nobody decided on' },
  draft_reply: { ticketId: 'tck_seed2', body: 'a reply nobody decided on' },
  issue_refund: { orderId: 'ord_19998', amount: '0.02', currency: 'EUR', reason: 'nobody decided on it' },
  change_member_role: { memberId: 'carol', role: 'admin', reason: 'nobody decided on it' },
  delete_customer: { customerId: 'cus_5091', reason: 'nobody decided on it' },
};
/** Committed where the stage lets them: they show that nothing but the stage stood in the others' way. */
const CONTROLS = ['create_ticket', 'issue_refund'];
type Asked = Omit<Granted, 'epoch'>;
const READ = { tool: 'get_order', arguments: { orderId: 'ord_19998' }, grant: 'read' } as const;

/** What the executor is to answer by the stage alone; undefined: anything but the stage's refusal. */
function expected(stage: Stage, { tool, grant }: Asked): string | undefined {
  if (grant === 'read') return 'read';
  const allowed = grant === 'preview' || (grant === 'draft' ? stage !== 'read-only' : stage === 'scoped');
  if (!allowed) return 'blocked STAGE_FORBIDS';
  if (grant === 'commit') return CONTROLS.includes(tool) ? 'committed' : undefined;
  return grant === 'draft' ? 'drafted' : 'previewed';
}

/** Every tool × grant × stage, past policy: warrants with policy's own signature that no stage allows are refused by the executor. */
export async function stageMatrix(world: World, run: string): Promise<Finding> {
  const switches = await Switches.open(world);
  const flaws: string[] = [];
  let [cells, refused] = [0, 0];
  try {
    const bypass = await Bypass.open(world, run);
    for (const stage of STAGES) {
      const epoch = await switches.setStage('support-desk', stage);
      const booksFrom = (await world.helpdesk.ledger()).length;
      const granted = grantsOf(stage);
      const answers = await bypass.answers(granted.map((one) => bypass.warrant({ ...one, epoch })));
      const commits = answers.filter(({ type }) => type === 'committed').length;
      answers.forEach(({ type, code }, index) => {
        const [said, one] = [code && type === 'blocked' ? `${type} ${code}` : type, granted[index]!];
        const right = expected(stage, one);
        cells += 1;
        if (said === 'blocked STAGE_FORBIDS') refused += 1;
        const isRight = right === undefined ? said !== 'blocked STAGE_FORBIDS' : said === right;
        if (!isRight) flaws.push(`${one.grant} of ${one.tool} at ${stage}: ${said}, not ${right ?? 'let through'}`);
      });
      const effects = (await world.helpdesk.ledger()).length - booksFrom;
      if (effects !== commits) flaws.push(`${effects} effects at ${stage}, and ${commits} commits said`);
    }
    return { figures: { 'tool × grant × stage cells': cells, 'refused for the stage': refused }, flaws };
  } finally {
    await switches.setStage('support-desk', 'scoped');
    await switches.close();
  }
}

/** Where commits are let through, only those that harm nobody are tried. */
function grantsOf(stage: Stage): Asked[] {
  const writes = Object.entries(ARGUMENTS).flatMap(([tool, args]) =>
    GRANTS.filter((grant) => grant !== 'read').map((grant): Asked => ({ tool, arguments: args, grant })),
  );
  const tried = writes.filter(({ tool, grant }) => stage !== 'scoped' || grant !== 'commit' || CONTROLS.includes(tool));
  return [READ, ...tried];
}
