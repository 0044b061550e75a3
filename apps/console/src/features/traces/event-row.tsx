import { CopyButton, Button, Group, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { memo } from 'react';
import { getV1TracesIntentIdEventsOptions } from '../../api/generated/@tanstack/react-query.gen.js';
import type { GetV1TracesIntentIdEventsResponses } from '../../api/generated/types.gen.js';
import { Facts } from '../../ui/facts.js';
import { JsonTree } from '../../ui/json-tree.js';
import { PageLink } from '../../ui/link.js';
import { exact } from '../../ui/relative-time.js';
import { Failed, Loading } from '../../ui/states.js';
import { Tag } from '../../ui/tag.js';
import { after, standingOf, typeName } from './events.js';
import { useOpened } from './opened.js';
import { plain } from './plain.js';
import { eventBy, type Outline, type TraceEvent } from './story.js';
import classes from './events.module.css';

interface RowProps {
  event: TraceEvent;
  outline: Outline;
  /** When the trace began. */
  first: string;
  isOpen: boolean;
  onOpen: (place: string | undefined) => void;
}

/** One event in two lines; opened, all of it. */
export const EventRow = memo(function EventRow({ event, outline, first, isOpen, onOpen }: RowProps) {
  const opened = useOpened();
  const [tone, word] = standingOf(event);
  return (
    <div className={classes['event']} data-open={isOpen}>
      <button
        type="button"
        className={classes['line']}
        aria-expanded={isOpen}
        onClick={() => onOpen(isOpen ? undefined : event.place)}
      >
        <span className={classes['chevron']} aria-hidden />
        <span className={classes['at']} title={exact(event.at)}>
          {after(event.at, first)}
        </span>
        <span className={classes['type']}>{typeName(event.type)}</span>
        <span className={classes['says']}>{plain(event.says ?? event.because ?? '', opened)}</span>
        <Tag tone={tone}>{word}</Tag>
      </button>
      {isOpen && <Whole event={event} outline={outline} />}
    </div>
  );
});

function Whole({ event, outline }: { event: TraceEvent; outline: Outline }) {
  const { intentId } = outline;
  const whole = useQuery({
    ...getV1TracesIntentIdEventsOptions({ path: { intentId }, query: { place: event.place } }),
    staleTime: Infinity,
  });
  if (whole.isPending) return <Loading label="the event" lines={3} />;
  if (whole.isError) return <Failed error={whole.error} onRetry={() => void whole.refetch()} />;
  const [detail] = whole.data.data;
  return detail ? <Detail detail={detail} event={event} outline={outline} /> : <Text>It is not stored any more.</Text>;
}

type EventDetail = GetV1TracesIntentIdEventsResponses[200]['data'][number];

function Detail({ detail, event, outline }: { detail: EventDetail; event: TraceEvent; outline: Outline }) {
  const opened = useOpened();
  const cause = eventBy(outline.events, detail.causationId ?? undefined);
  const link = `${window.location.origin}/traces/${outline.intentId}?tab=events&event=${encodeURIComponent(event.place)}`;
  return (
    <Stack gap="sm" className={classes['detail']}>
      <Group gap="xs">
        <Copy what="event" text={JSON.stringify(detail, undefined, 2)} />
        <Copy what="id" text={detail.id ?? event.place} />
        <Copy what="link" text={link} />
      </Group>
      <Facts
        facts={{
          'When it was appended': exact(detail.at),
          Type: detail.type,
          Id: detail.id,
          'Written by': detail.source,
          'In the name of': detail.actor,
          Where: `${detail.topic}, partition ${detail.partition}, offset ${detail.offset}`,
          Key: detail.key,
          'Led to by': cause ? (
            <PageLink
              size="sm"
              to="/traces/$intentId"
              params={{ intentId: outline.intentId }}
              search={{ tab: 'events', event: cause.place }}
            >
              {typeName(cause.type)}
            </PageLink>
          ) : (
            detail.causationId
          ),
          'OpenTelemetry trace': detail.traceId,
          'Why it proves nothing': event.standing === 'forged' || event.standing === 'unreadable' ? detail.flaw : null,
        }}
      />
      <Section title="What it holds">
        {detail.data === null ? (
          <Text size="sm">Nothing that can be read.</Text>
        ) : (
          <Held detail={detail} opened={opened} />
        )}
      </Section>
      <Section title="Headers">
        <JsonTree value={detail.headers} label="Headers" depth={1} />
      </Section>
    </Stack>
  );
}

function Held({ detail, opened }: { detail: EventDetail; opened: ReadonlyMap<string, unknown> }) {
  const isModels = detail.type === 'countersign.model.called.v1' || detail.type === 'countersign.action.proposed.v1';
  return (
    <>
      {isModels && <Tag tone="warn">words of the model stand in it: claims, not facts</Tag>}
      <JsonTree value={detail.data} label="What it holds" opened={opened} />
    </>
  );
}

function Section({ title, children }: { title: string; children: React.ReactNode }) {
  return (
    <section aria-label={title}>
      <Text size="sm" fw={600}>
        {title}
      </Text>
      {children}
    </section>
  );
}

function Copy({ what, text }: { what: string; text: string }) {
  return (
    <CopyButton value={text}>
      {({ copied, copy }) => (
        <Button size="compact-xs" variant="default" onClick={copy}>
          {copied ? `Copied the ${what}` : `Copy the ${what}`}
        </Button>
      )}
    </CopyButton>
  );
}
