import { InvalidArgumentError, type Command } from 'commander';
import { z } from 'zod';
import { EVENTS, topicName, type EventType } from '@countersign/contracts';
import { caseFileSchema } from '@countersign/rule-cases';
import { optionsOf } from '../context.js';
import { printJson } from '../output.js';

/** The format of the cases beside a rule, among the events. */
const RULE_CASES = 'rule-cases';
type Exported = EventType | typeof RULE_CASES;
const ALL = [...(Object.keys(EVENTS) as EventType[]), RULE_CASES] as const;

function exported(text: string): Exported {
  const found = ALL.find((each) => each === text);
  if (found) return found;
  throw new InvalidArgumentError(`there is no such schema; they are ${ALL.join(', ')}`);
}

export function registerSchema(program: Command): void {
  const schema = program.command('schema').description('the contracts');
  schema
    .command('export')
    .description(`JSON Schema (2020-12) of every event, by type, and of the cases beside a rule (${RULE_CASES})`)
    .option('--type <type>', 'one of them only', exported)
    .action((_: unknown, command: Command) => {
      const { type } = optionsOf<{ type?: Exported }>(command);
      printJson(type ? schemaOf(type) : Object.fromEntries(ALL.map((each) => [each, schemaOf(each)])));
    });
}

/** The data of an event, or a file of cases as it is written. What a tool's own schema describes is any JSON here. */
export function schemaOf(type: Exported): object {
  if (type === RULE_CASES) {
    const $id = 'urn:countersign:rule-cases';
    return { $id, title: 'Cases beside a rule', ...z.toJSONSchema(caseFileSchema, { io: 'input' }) };
  }
  const { topic, data } = EVENTS[type];
  return {
    $id: `urn:countersign:event:${type}`,
    title: type,
    'x-topic': topicName(topic),
    ...z.toJSONSchema(data, { unrepresentable: 'any' }),
  };
}
