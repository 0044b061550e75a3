import type { RecordView, TraceView } from '@countersign/evidence';
import { cell, fields, plain, table } from '../output.js';

const WIDTH = 4_000;
const DEEPER = '    ';

export const short = (type: string | null) => type?.replace(/^countersign\./, '').replace(/\.v\d+$/, '') ?? '?';
export const place = ({ topic, partition, offset }: Pick<RecordView, 'topic' | 'partition' | 'offset'>) =>
  `${topic}/${partition}@${offset}`;

/** A trace to read from the top down: what was asked, each prompt, answer, decision and result in their order, and the reply. */
export function traceText(trace: TraceView): string {
  const head = fields({
    intent: trace.intentId,
    actor: trace.actor,
    through: trace.through.length ? trace.through.join(', ') : undefined,
    state: trace.state,
    outcome: trace.outcome,
    code: trace.code ?? undefined,
    text: trace.text,
  });
  const told = new Prompts();
  const rows = (records: (RecordView & { because?: string })[]) =>
    records.map((record) => [
      ...[record.at, place(record), short(record.type), record.signature],
      record.because ?? record.says,
    ]);
  const part = (title: string, found: unknown[][]) =>
    found.length ? [`${title}\n${table(['at', 'where', 'event', 'signature', 'says'], found)}`] : [];
  const unreadable = trace.unreadable.map((record) => [record.at, place(record), record.reason, '-', record.detail]);
  return [
    head,
    ...trace.records.map((record) => recordText(record, told)),
    ...part('Switches and stages', rows(trace.control)),
    ...part('Forged', rows(trace.forged)),
    ...part('Repeated', rows(trace.duplicates)),
    ...part('Unreadable', unreadable),
  ].join('\n\n');
}

function recordText(record: RecordView, told: Prompts): string {
  const proven = record.signature === 'valid' || record.signature === 'not-required' ? '' : ` ${record.signature}`;
  const line = `${record.at}  ${short(record.type)}  (${place(record)}${proven})`;
  const more = detailsOf(record, told).map((detail) => indented(plain(detail, '\n')));
  return [line, `  ${cell(record.says)}`, ...more].join('\n');
}

const indented = (text: string) =>
  text
    .split('\n')
    .map((line) => `${DEEPER}${line}`)
    .join('\n');

type Data = Record<string, unknown>;

/** What its sentence leaves out or cuts off. */
function detailsOf({ type, data }: RecordView, told: Prompts): string[] {
  const of = isObject(data) ? data : {};
  switch (short(type)) {
    case 'model.called':
      return told.take(of);
    case 'action.proposed':
    case 'action.requested':
      return [`arguments: ${written(of['arguments'])}`];
    case 'action.approved':
    case 'action.escalated':
      return judged(of);
    case 'action.denied':
      return [...judged(of), ...error(of)];
    case 'action.read':
    case 'action.committed':
      return [`result: ${written(of['result'])}`, ...changes(of)];
    case 'action.resolved':
      return of['result'] === null ? [] : [`result: ${written(of['result'])}`, ...changes(of)];
    case 'action.previewed':
    case 'action.drafted':
      return isObject(of['preview']) ? [`effect: ${written(of['preview']['effect'])}`] : [];
    case 'action.failed':
    case 'action.returned':
    case 'action.blocked':
    case 'action.in-doubt':
    case 'intent.refused':
      return error(of);
    case 'reply.sent':
      return [`reply: ${written(of['text'])}`];
    default:
      return [];
  }
}

const judged = (of: Data): string[] =>
  [`arguments: ${written(of['arguments'])}`, gates(of), ...rules(of)].filter(Boolean);

const error = ({ code, detail, nextStep }: Data): string[] => [
  `error: ${written(code)} ${written(detail)}`,
  `next step: ${written(nextStep)}`,
];

const gates = ({ facts, policyVersion }: Data): string => {
  const { stage, switches } = isObject(facts) ? facts : {};
  const on = Array.isArray(switches) && switches.length ? switches.join(', ') : 'none';
  return typeof stage === 'string' ? `policy ${written(policyVersion)}, stage ${stage}, switches on: ${on}` : '';
};

const rules = (of: Data): string[] =>
  listed(of['rules']).map(
    ({ rule, outcome, reason }) => `rule ${written(rule)}: ${written(outcome)}, ${written(reason)}`,
  );

const changes = (of: Data): string[] =>
  listed(of['recordsChanged']).map(
    ({ type, id, before, after }) => `changed ${written(type)} ${written(id)}: ${written(before)} → ${written(after)}`,
  );

/** Prompts grow from turn to turn: of each, what the one before did not say. */
class Prompts {
  #before: string[] = [];
  #tools = '';

  take({ request, response, tries, refused }: Data): string[] {
    const { messages, tools } = isObject(request) ? request : {};
    return [
      ...this.prompt(listed(messages)),
      ...this.offered(Array.isArray(tools) ? tools : []),
      ...listed(tries).map(
        ({ status, error, durationMs }) => `try: ${written(status ?? error)} after ${written(durationMs)} ms`,
      ),
      ...answer(response),
      ...listed(refused).map(
        ({ callId, code, detail }) => `refused ${written(callId)}: ${written(code)} ${written(detail)}`,
      ),
    ];
  }

  private prompt(messages: Data[]): string[] {
    const now = messages.map((message) => JSON.stringify(message));
    const same = now.findIndex((text, index) => text !== this.#before[index]);
    const from = same === -1 ? now.length : same;
    this.#before = now;
    const known = from > 0 ? [`prompt: the first ${from} messages as before, then`] : [];
    return [...known, ...messages.slice(from).map(message)];
  }

  private offered(tools: unknown[]): string[] {
    const names = tools.map((tool) => (isObject(tool) ? written(tool['name']) : written(tool))).join(', ');
    if (names === this.#tools) return [];
    this.#tools = names;
    return [`tools offered: ${names || 'none'}`];
  }
}

function message({ role, content, tool_calls: calls }: Data): string {
  const made = listed(calls).map(({ function: called }) => (isObject(called) ? call(called) : ''));
  return `prompt, ${written(role)}: ${[content ? written(content) : '', ...made].filter(Boolean).join('\n')}`;
}

const call = (of: Data) => `call ${written(of['name'])} ${written(of['arguments'])}`;

function answer(response: unknown): string[] {
  if (!isObject(response)) return [];
  const { content, toolCalls, raw, text } = response;
  const said = [content, raw, text].filter((words) => typeof words === 'string' && words !== '');
  return [
    ...said.map((words) => `answer: ${written(words)}`),
    ...listed(toolCalls).map((made) => `answer: ${call(made)}`),
  ];
}

const isObject = (value: unknown): value is Data =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const listed = (value: unknown): Data[] => (Array.isArray(value) ? value.filter(isObject) : []);

function written(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '-');
  return text.length > WIDTH ? `${text.slice(0, WIDTH)}… (${text.length} characters; --json shows all)` : text;
}
