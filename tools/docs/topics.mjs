import { EVENTS, eventTypesOn, TOPICS, topicName, topicSpecs } from '@countersign/contracts';
import { z } from 'zod';
import { MADE, table } from './text.mjs';

const spec = (topic) => topicSpecs().find((one) => one.topic === topic);

function fields(type) {
  const schema = z.toJSONSchema(EVENTS[type].data, { io: 'input', unrepresentable: 'any' });
  const variants = schema.anyOf ?? schema.oneOf ?? [schema];
  const required = variants.map((one) => new Set(one.required ?? []));
  const names = [...new Set(variants.flatMap((one) => Object.keys(one.properties ?? {})))];
  return names.map((name) => `\`${name}\`${required.every((of) => of.has(name)) ? '' : '?'}`).join(' ');
}

export function topics() {
  const pages = TOPICS.map((topic) => {
    const { writers, partitions, config } = spec(topic);
    const kept = config['retention.ms'] === '-1' ? 'for ever' : `${config['retention.ms'] / 86_400_000} days`;
    const rows = eventTypesOn(topic).map((type) => [`\`${type}\``, fields(type)]);
    const many = partitions === 1 ? 'one partition' : `${partitions} partitions by default`;
    return `## \`${topicName(topic)}\`\n\n${many}, kept ${kept}. Written by: ${writers.join(', ')}.\n\n${table(['event', 'fields of its data'], rows)}`;
  });
  return `# Topics and events

${MADE} A CloudEvent each; \`?\` marks a field that may be missing. The whole schemas: \`npx countersign schema --help\`, and
\`GET /asyncapi.json\` of a running gateway. All topics take their time from the broker (\`LogAppendTime\`).
Under each stands who writes it; nobody else may, which the access lists of a broker can enforce.

${pages.join('\n\n')}
`;
}
