import { Group, Stack, Tabs, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { lazy, Suspense, useState } from 'react';
import { getV1TracesIntentIdOutlineOptions } from '../../api/generated/@tanstack/react-query.gen.js';
import { Page } from '../../ui/page.js';
import { Failed, Loading } from '../../ui/states.js';
import { Time } from '../../ui/time.js';
import { headline, short } from './asked.js';
import { OpenedValues } from './opened.js';
import { NOTHING_OPENED, type Opened } from './plain.js';
import { BecameOf } from './results.js';
import { TABS, type Tab } from './search.js';
import type { Outline } from './story.js';
import { StoryOf } from './story-of.js';
import { TraceActions } from './trace-actions.js';

const Timeline = lazy(() => import('./timeline-view.js').then(({ TimelineView }) => ({ default: TimelineView })));
const Events = lazy(() => import('./events-view.js').then(({ EventsView }) => ({ default: EventsView })));

/** One request from its first word to its last effect. */
export function TracePage() {
  const { intentId } = useParams({ from: '/traces/$intentId' });
  const outline = useQuery(getV1TracesIntentIdOutlineOptions({ path: { intentId } }));
  if (outline.isPending)
    return (
      <Page title="Trace">
        <Loading label="the trace" lines={8} />
      </Page>
    );
  if (outline.isError)
    return (
      <Page title="Trace">
        <Failed error={outline.error} onRetry={() => void outline.refetch()} />
      </Page>
    );
  return <Trace key={intentId} outline={outline.data} />;
}

const NAMES: Record<Tab, string> = { story: 'Story', timeline: 'Timeline', events: 'Events' };

function Trace({ outline }: { outline: Outline }) {
  const search = useSearch({ from: '/traces/$intentId' });
  const navigate = useNavigate({ from: '/traces/$intentId' });
  const [opened, setOpened] = useState<Opened>(NOTHING_OPENED);
  const tab = search.tab ?? 'story';
  const onTab = (to: string | null) =>
    void navigate({ search: to === 'story' ? {} : { tab: to as Tab }, resetScroll: false });
  return (
    <Page title={short(headline(outline), 90)} actions={<TraceActions outline={outline} onOpened={setOpened} />}>
      <Group gap="md" justify="space-between">
        <Text size="sm" component="div">
          {outline.actor ?? 'Somebody nobody vouches for'} asked, <Time at={outline.at} />
          {outline.workflow && ` · ${outline.workflow}`} · {eventCount(outline.events.length)}
        </Text>
        <BecameOf line={outline} />
      </Group>
      <OpenedValues value={opened}>
        <Tabs value={tab} onChange={onTab} keepMounted={false}>
          <Tabs.List aria-label="The trace as">
            {TABS.map((each) => (
              <Tabs.Tab key={each} value={each}>
                {NAMES[each]}
              </Tabs.Tab>
            ))}
          </Tabs.List>
          <Stack pt="md">
            <Tabs.Panel value="story">
              <StoryOf outline={outline} />
            </Tabs.Panel>
            <Suspense fallback={<Loading label="the view" />}>
              <Tabs.Panel value="timeline">
                <Timeline outline={outline} />
              </Tabs.Panel>
              <Tabs.Panel value="events">
                <Events outline={outline} />
              </Tabs.Panel>
            </Suspense>
          </Stack>
        </Tabs>
      </OpenedValues>
    </Page>
  );
}

const eventCount = (count: number) => (count === 1 ? '1 event' : `${count.toLocaleString('en')} events`);
