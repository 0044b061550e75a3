import { InvalidArgumentError, type Command } from 'commander';
import { z } from 'zod';
import { EVENTS, topicName, type EventType } from '@countersign/contracts';
import { optionsOf } from '../context.js';
import { printJson } from '../output.js';

function eventType(text: string): EventType {
  if (Object.hasOwn(EVENTS, text)) return text as EventType;
  throw new InvalidArgumentError(`not an event type; they are ${Object.keys(EVENTS).join(', ')}`);
}

export function registerSchema(program: Command): void {
  const schema = program.command('schema').description('the contracts');
  schema
    .command('export')
    .description('JSON Schema (2020-12) of every event, by type')
    .option('--type <type>', 'one event only', eventType)
    .action((_: unknown, command: Command) => {
      const { type } = optionsOf<{ type?: EventType }>(command);
      if (type) printJson(schemaOf(type));
      else printJson(Object.fromEntries((Object.keys(EVENTS) as EventType[]).map((each) => [each, schemaOf(each)])));
    });
}

/** The data of an event. What a tool's own schema describes is any JSON here. */
export function schemaOf(type: EventType): object {
  const { topic, data } = EVENTS[type];
  return {
    $id: `urn:countersign:event:${type}`,
    title: type,
    'x-topic': topicName(topic),
    ...z.toJSONSchema(data, { unrepresentable: 'any' }),
  };
}
