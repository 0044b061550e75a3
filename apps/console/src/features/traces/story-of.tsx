import { Blockquote, Stack, Text, Title } from '@mantine/core';
import { exact } from '../../ui/relative-time.js';
import { Tag } from '../../ui/tag.js';
import { Time } from '../../ui/time.js';
import { ActionStory } from './action-story.js';
import { headline } from './asked.js';
import { Evidence } from './evidence.js';
import { useOpened } from './opened.js';
import { plain } from './plain.js';
import { replyIn, type Outline } from './story.js';
import classes from './story.module.css';

/** Actions beyond these are told when they are asked for. */
const TOLD_AT_ONCE = 6;

/** What was asked, what each action did, read and why, and what the user was told. */
export function StoryOf({ outline, headings = 2 }: { outline: Outline; headings?: 2 | 3 }) {
  const below = headings === 2 ? 3 : 4;
  return (
    <Stack gap="lg" className={classes['story']}>
      <section aria-label="What was asked">
        <Title order={headings} size="h4">
          What was asked
        </Title>
        <Text size="sm" c="dimmed" component="div">
          <AskedBy outline={outline} />
        </Text>
        <Blockquote p="sm" mt="xs" color="gray">
          {headline(outline)}
        </Blockquote>
      </section>
      {outline.actions.length === 0 && <Text>{withoutActions(outline)}</Text>}
      {outline.actions.map((action, at) => (
        <ActionStory
          key={action.actionId}
          action={action}
          outline={outline}
          heading={headings}
          below={below}
          told={at < TOLD_AT_ONCE || outline.actions.length <= TOLD_AT_ONCE + 2}
        />
      ))}
      <Reply outline={outline} heading={headings} />
    </Stack>
  );
}

function AskedBy({ outline: { actor, through, workflow, at } }: { outline: Outline }) {
  return (
    <span>
      {actor ?? 'somebody nobody vouches for'}
      {through.length > 0 && ` through ${through.join(', ')}`}
      {workflow && `, of ${workflow}`}, <Time at={at} />
    </span>
  );
}

function withoutActions({ state, code }: Outline): string {
  if (state === 'refused')
    return `It was never accepted${code ? ` (${code})` : ''}: nothing was proposed and nothing done.`;
  return state === 'open' ? 'Nothing has been proposed yet.' : 'No action was proposed, so nothing was done.';
}

function Reply({ outline, heading }: { outline: Outline; heading: 2 | 3 }) {
  const opened = useOpened();
  const reply = replyIn(outline);
  if (!reply) return null;
  return (
    <section aria-label="What the user was told">
      <Title order={heading} size="h4">
        What the user was told
      </Title>
      <Text size="sm" component="div">
        <Tag tone="warn">the model&apos;s or policy&apos;s words</Tag> held against the records by their form alone
      </Text>
      <Blockquote p="sm" my="xs" color="yellow">
        {plain(reply.says ?? '', opened).replace(/^the user was told: /, '')}
      </Blockquote>
      <Text size="xs" c="dimmed" component="div">
        {exact(reply.at)} <Evidence ids={[reply.place]} outline={outline} />
      </Text>
    </section>
  );
}
