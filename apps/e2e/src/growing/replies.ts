import { intentIdOf, topicName, type Topic } from '@countersign/contracts';
import type { System } from '@countersign/embedded';
import { PlainKafka } from '@countersign/testing';

/** Each intent has one reply: the same one published again is no other. What has none, or two, is told with the events it has. */
export async function replyFlaws({ urls, topicPrefix }: System, published: string[]): Promise<string[]> {
  const seen = new Map(published.map((intent) => [intent, { replies: new Set<string>(), types: [] as string[] }]));
  const plain = await PlainKafka.connect(urls.kafka.split(','));
  try {
    const all = (topic: Topic) => plain.readAll(topicName(topic, topicPrefix));
    for (const { headers } of await all('intents'))
      seen.get(intentIdOf('acme', headers['ce_source'] ?? '', headers['ce_id'] ?? ''))?.types.push('intent');
    for (const topic of ['decisions', 'results', 'replies'] as const)
      for (const { headers } of await all(topic)) {
        const intent = seen.get(headers['ce_correlationid'] ?? '');
        if (topic === 'replies') intent?.replies.add(headers['ce_id'] ?? '');
        intent?.types.push(headers['ce_type'] ?? '');
      }
  } finally {
    await plain.close();
  }
  return [...seen].flatMap(([intent, { replies, types }]) => {
    if (replies.size === 1) return [];
    return [`intent ${intent} has ${replies.size} replies; its events: ${types.join(', ') || 'none'}`];
  });
}
