import { Alert, Button, Group, Progress, Stack, Table, Text } from '@mantine/core';
import { IconAlertTriangle, IconCircleX, IconDownload, IconShieldCheck } from '@tabler/icons-react';
import { download } from '../../ui/download.js';
import { WhyNot } from '../../ui/confirm.js';
import { Facts } from '../../ui/facts.js';
import { Time } from '../../ui/time.js';
import { Section } from './section.js';
import { useCheck } from './use-check.js';
import { kindWords, records, saidOf, type Check, type Finding, type Said, type Stretch } from './verdict.js';

const ABOUT =
  'Each record is a leaf of a tree that audit signs every second. The check goes through all of them and says whether each is still the one that was stored.';

export function VerifyStore() {
  const { check, begin, stop } = useCheck();
  const checking = check.tag === 'checking';
  return (
    <Section title="Was anything altered?" about={ABOUT}>
      <Group gap="xs">
        <Button leftSection={<IconShieldCheck size={16} aria-hidden />} onClick={begin} loading={checking}>
          {check.tag === 'idle' ? 'Check the record' : 'Check again'}
        </Button>
        {checking && (
          <Button variant="default" onClick={stop}>
            Stop
          </Button>
        )}
      </Group>
      <div aria-live="polite">
        {checking && <HowFar checked={check.checked} size={check.size} />}
        {(check.tag === 'done' || check.tag === 'broken-off') && <Verdict check={check} />}
      </div>
    </Section>
  );
}

function HowFar({ checked, size }: { checked: number; size: number }) {
  return (
    <Stack gap={4}>
      <Text size="sm">{size === 0 ? 'Checking…' : `Checked ${records(checked)} of ${size.toLocaleString('en')}`}</Text>
      <Progress value={size === 0 ? 0 : (100 * checked) / size} aria-label="Records checked" />
    </Stack>
  );
}

const COLORS: Record<Said['tone'], string> = { good: 'green', bad: 'red', warn: 'yellow' };
const ICONS = { good: IconShieldCheck, bad: IconCircleX, warn: IconAlertTriangle };

function Verdict({ check }: { check: Extract<Check, { tag: 'done' | 'broken-off' }> }) {
  const { tone, title, words } = saidOf(check);
  const Icon = ICONS[tone];
  const { findings, more } = check.found;
  return (
    <Stack gap="sm">
      <Alert color={COLORS[tone]} title={title} icon={<Icon aria-hidden />} data-verdict={tone}>
        {words}
      </Alert>
      {check.tag === 'broken-off' && <WhyNot error={check.error} />}
      {findings.length > 0 && <Findings findings={findings} more={more} />}
      {check.tag === 'done' && <Against last={check.last} since={check.found.since} />}
    </Stack>
  );
}

function Findings({ findings, more }: { findings: readonly Finding[]; more: number }) {
  return (
    <Table.ScrollContainer minWidth={480} type="native">
      <Table captionSide="top">
        <Table.Caption>{more > 0 ? `The first of what was found; ${more} more` : 'What was found'}</Table.Caption>
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">What</Table.Th>
            <Table.Th scope="col">Where</Table.Th>
            <Table.Th scope="col">In words</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {findings.map(({ kind, index, says }, n) => (
            <Table.Tr key={n}>
              <Table.Th scope="row">{kindWords(kind)}</Table.Th>
              <Table.Td>{index === null ? '—' : `record ${index.toLocaleString('en')}`}</Table.Td>
              <Table.Td>{says}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

/** What it was held against, and what that does not prove. */
function Against({ last: { size, checkpoint }, since }: { last: Stretch; since: string | null }) {
  return (
    <>
      <Facts
        facts={{
          'Records checked': size.toLocaleString('en'),
          Since: since && <Time at={since} />,
          'Held against': checkpoint
            ? 'the newest checkpoint that audit signed, and what it remembers to have signed'
            : undefined,
          'Outside witnesses':
            'none asked: checkpoints on the topic, or kept elsewhere, are held against an export by “countersign audit verify”',
        }}
      />
      {checkpoint && (
        <Group>
          <Button
            variant="default"
            size="xs"
            leftSection={<IconDownload size={14} aria-hidden />}
            onClick={() =>
              download(`checkpoint-${size}.json`, JSON.stringify({ size, checkpoint }), 'application/json')
            }
          >
            Keep this checkpoint elsewhere
          </Button>
        </Group>
      )}
    </>
  );
}
