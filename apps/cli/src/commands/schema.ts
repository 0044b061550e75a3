import { InvalidArgumentError, type Command } from 'commander';
import { z } from 'zod';
import { EVENTS, topicName, type EventType } from '@countersign/contracts';
import { evalFileSchema, samplesSchema } from '@countersign/evals';
import { caseFileSchema } from '@countersign/rule-cases';
import { optionsOf } from '../context.js';
import { printJson } from '../output.js';

/** Formats of files, among the events: the cases beside a rule, those of a workflow, and what more of them are made from. */
const FILES = {
  'rule-cases': { title: 'Cases beside a rule', schema: caseFileSchema },
  evals: { title: 'Eval cases of a workflow', schema: evalFileSchema },
  'eval-samples': { title: 'One valid call of each tool of a workflow', schema: samplesSchema },
} as const;
type FileType = keyof typeof FILES;
type Exported = EventType | FileType;
const ALL = [...(Object.keys(EVENTS) as EventType[]), ...(Object.keys(FILES) as FileType[])] as const;

function exported(text: string): Exported {
  const found = ALL.find((each) => each === text);
  if (found) return found;
  throw new InvalidArgumentError(`there is no such schema; they are ${ALL.join(', ')}`);
}

export function registerSchema(program: Command): void {
  const schema = program.command('schema').description('the contracts');
  schema
    .command('export')
    .description(
      `JSON Schema (2020-12) of every event, by type, and of files of cases (${Object.keys(FILES).join(', ')})`,
    )
    .option('--type <type>', 'one of them only', exported)
    .action((_: unknown, command: Command) => {
      const { type } = optionsOf<{ type?: Exported }>(command);
      printJson(type ? schemaOf(type) : Object.fromEntries(ALL.map((each) => [each, schemaOf(each)])));
    });
}

/** The data of an event, or a file of cases as it is written. What a tool's own schema describes is any JSON here. */
export function schemaOf(type: Exported): object {
  if (isFileType(type)) {
    const { title, schema } = FILES[type];
    return { $id: `urn:countersign:${type}`, title, ...z.toJSONSchema(schema, { io: 'input' }) };
  }
  const { topic, data } = EVENTS[type];
  return {
    $id: `urn:countersign:event:${type}`,
    title: type,
    'x-topic': topicName(topic),
    ...z.toJSONSchema(data, { unrepresentable: 'any' }),
  };
}

const isFileType = (type: Exported): type is FileType => type in FILES;
