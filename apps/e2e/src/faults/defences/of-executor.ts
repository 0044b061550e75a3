import { inBuilt, inSpecs, onEngines, simulated, type Defence } from './defence.js';

const PROJECT = 'apps/executor';
const built = inBuilt(PROJECT);
const specs = inSpecs(PROJECT);
const executing = (fails: string) =>
  onEngines(PROJECT)('service', fails, 'answers a read, with personal fields sealed');
const switching = (fails: string) => onEngines(PROJECT)('control', fails, "a plain client's trip stops a tool");

/** Of the way from a warrant to its one effect. */
export const EXECUTOR_DEFENCES: readonly Defence[] = [
  {
    name: 'gate',
    removals: [
      built(
        'gate',
        'judge(warrant, opening) {',
        "judge(warrant) { return { tag: 'pass', tool: this.toolOf(warrant) };",
      ),
    ],
    caughtBy: [
      specs('commits', '1: goes by what is known under the lock'),
      executing('returns an expired warrant unsent'),
      simulated,
    ],
  },
  {
    name: 'gate under the lock',
    removals: [
      built(
        'commits',
        'const verdict = this.parts.gate.judge(one.warrant, opening);',
        "const verdict = { tag: 'pass' };",
      ),
    ],
    caughtBy: [specs('commits', '1: goes by what is known under the lock')],
  },
  {
    name: 'drained lock',
    removals: [built('drain', 'await connection.take();', '')],
    caughtBy: [switching('is acknowledged only once what was under way')],
  },
  {
    name: 'send limit',
    removals: [
      built(
        'opening',
        'return Math.floor(Math.min(this.reading.now + SEND_WINDOW_MS, warrant.exp * 1000));',
        'return Math.floor(this.now() + 3_600_000);',
      ),
    ],
    caughtBy: [specs('gate', 'allows no send after its window')],
  },
  {
    name: 'signature',
    removals: [
      built(
        'warrant-book',
        "const checked = checkSignature(this.ring, 'policy', incoming);",
        'const checked = { ok: true };',
      ),
    ],
    caughtBy: [executing('does nothing for a warrant that policy did not sign')],
  },
  {
    name: 'signature of what is stored',
    removals: [built('warrant-book', 'if (!opened.ok)', 'if (!opened.ok && false)')],
    caughtBy: [executing('does nothing for a stored warrant that was altered')],
  },
  {
    name: 'write-ahead',
    removals: [
      built(
        'commits',
        'await marked(cleared, round)',
        "cleared.map((one) => ({ ...one, row: { ...one.row, status: 'SENT' } }))",
      ),
    ],
    caughtBy: [specs('work', '2: sends after the mark is committed'), simulated],
  },
  {
    name: 'jti',
    removals: [
      built('decide', 'work({ id: jti, kind: GRANT', 'work({ id: `${jti}/${incoming.record.offset}`, kind: GRANT'),
    ],
    caughtBy: [
      specs('decide', 'becomes one work row under its jti'),
      executing('runs a warrant once however often it is published'),
      simulated,
    ],
  },
  {
    name: 'once sent, never judged again',
    removals: [built('work', "else if (row.status === 'SENT')", 'else if (false)')],
    caughtBy: [specs('work', '4: carries on with a row found SENT'), simulated],
  },
  {
    name: "key of the action, not the attempt's",
    removals: [
      built(
        'attempt',
        'const { idempotencyKey } = warrant;',
        'const idempotencyKey = warrant.idempotencyKey.slice(0, -8) + String(Math.random()).slice(2, 10);',
      ),
    ],
    caughtBy: [executing('sends again under the same key when an answer is lost'), simulated],
  },
  {
    name: 'heartbeat limit',
    removals: [
      built('heartbeats', 'return this.through !== undefined && at - this.through <= this.limitMs;', 'return true;'),
    ],
    caughtBy: [specs('heartbeats', '1: covers nothing before the first beat'), simulated],
  },
  {
    name: 'heartbeat limit of a send',
    removals: [built('commits', 'const isRecorded = this.parts.heartbeats.covers(', 'const isRecorded = true || (')],
    caughtBy: [specs('commits', '4: sends nothing, again neither, that could begin after the limit of audit')],
  },
  {
    name: 'key lifetime',
    removals: [built('automaton', 'keyLifetimeMs === undefined || sentForMs < keyLifetimeMs - KEY_MARGIN_MS', 'true')],
    caughtBy: [specs('work', 'however patient it is')],
  },
  {
    name: 'the first to settle a doubt',
    removals: [
      built('decide', "states.get(doubtKey(about))?.tag === 'resolved'", 'false'),
      built('decide', "if (doubt.tag === 'resolved')", 'if (false)'),
    ],
    caughtBy: [specs('doubts', 'is settled by whoever is first')],
  },
];
