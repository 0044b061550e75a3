import { EVENTS, topicName } from '@countersign/contracts';
import { SPAN } from './span-names.js';
import type { Effect } from './stream.js';
import { currentTraceparent, isTracing, linkSpan, openSpan } from './tracing.js';

/**
 * What a request of a person leads to in a trace that began without them (an approval, hours later) goes on in that trace, from a span that
 * is linked to the request's, as the request's is to it.
 */
export function continued(effects: Effect[], topicPrefix: string): Effect[] {
  const request = currentTraceparent();
  if (request === undefined || !isTracing()) return effects;
  return effects.map((effect): Effect => {
    if (effect.do !== 'emit') return effect;
    const { type, tenantid, correlationid, traceparent } = effect.event;
    if (traceparent === undefined) return { do: 'emit', event: { ...effect.event, traceparent: request } };
    const destination = topicName(EVENTS[type].topic, topicPrefix);
    const span = openSpan(
      {
        name: `send ${destination}`,
        kind: 'producer',
        attributes: {
          [SPAN.system]: 'kafka',
          [SPAN.operationName]: 'send',
          [SPAN.operationType]: 'send',
          [SPAN.destination]: destination,
          [SPAN.event]: type,
          [SPAN.tenant]: tenantid,
          [SPAN.intentId]: correlationid,
        },
        links: [request],
      },
      traceparent,
    );
    if (!span) return effect;
    linkSpan(traceparent);
    span.end();
    return { do: 'emit', event: { ...effect.event, traceparent: span.traceparent } };
  });
}
