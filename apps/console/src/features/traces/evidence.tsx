import { PageLink } from '../../ui/link.js';
import { typeName } from './events.js';
import { eventBy, type Outline } from './story.js';
import classes from './story.module.css';

/** The events a sentence rests on, each a way to the event itself. */
export function Evidence({ ids, outline }: { ids: readonly string[]; outline: Outline }) {
  const events = ids.map((id) => ({ id, event: eventBy(outline.events, id) }));
  return (
    <span className={classes['evidence']}>
      {events.map(({ id, event }) =>
        event ? (
          <PageLink
            key={id}
            size="xs"
            to="/traces/$intentId"
            params={{ intentId: outline.intentId }}
            search={{ tab: 'events', event: event.place }}
            aria-label={`Evidence: ${typeName(event.type)}`}
          >
            {typeName(event.type)}
          </PageLink>
        ) : (
          <span key={id}>evidence of another trace</span>
        ),
      )}
    </span>
  );
}
