import { Button, Group, Stack, Table, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import {
  getV1ActionsIdExplanationOptions,
  getV1TracesIntentIdEventsOptions,
} from '../../api/generated/@tanstack/react-query.gen.js';
import { fieldName, sealedToken, toolName, valueText } from '../../ui/record-name.js';
import { Failed, Loading } from '../../ui/states.js';
import { Tag } from '../../ui/tag.js';
import { doubtOf, provenanceText, type Provenance } from '../approvals/item.js';
import { outcomeWord } from './asked.js';
import { Evidence } from './evidence.js';
import { useOpened } from './opened.js';
import { plain } from './plain.js';
import { decidedOn, PARTS, sentencesOf, type Explanation, type Outline, type Sentence } from './story.js';
import classes from './story.module.css';

interface Props {
  action: Outline['actions'][number];
  outline: Outline;
  heading: 2 | 3;
  below: 3 | 4;
  told: boolean;
}

/** One action: did, read, why, who approved, what came of it; each sentence with what it rests on. */
export function ActionStory({ action, outline, heading, below, told }: Props) {
  const [open, setOpen] = useState(told);
  const [tone, word] = outcomeWord(action.outcome);
  const name = toolName(action.tool ?? 'an action');
  return (
    <section aria-label={`${name}: ${word}`} className={classes['action']}>
      <Group gap="sm" align="center">
        <Title order={heading} size="h4">
          {`${name.charAt(0).toUpperCase()}${name.slice(1)}`}
        </Title>
        <Tag tone={tone}>{word}</Tag>
        {action.code && (
          <Text size="xs" ff="monospace">
            {action.code}
          </Text>
        )}
        {action.auditCode && <Text size="xs" ff="monospace">{`${action.auditCode} (told to auditors alone)`}</Text>}
        {!told && (
          <Button size="compact-xs" variant="default" aria-expanded={open} onClick={() => setOpen(!open)}>
            {open ? 'Close' : 'Tell'}
          </Button>
        )}
      </Group>
      {open && <Told actionId={action.actionId} outline={outline} below={below} />}
    </section>
  );
}

function Told({ actionId, outline, below }: { actionId: string; outline: Outline; below: 3 | 4 }) {
  const told = useQuery(getV1ActionsIdExplanationOptions({ path: { id: actionId } }));
  if (told.isPending) return <Loading label="what it did" lines={4} />;
  if (told.isError) return <Failed error={told.error} onRetry={() => void told.refetch()} />;
  return (
    <Stack gap="sm" mt="xs">
      {PARTS.map(([part, title]) => (
        <div key={part}>
          <Title order={below} size="h6" c="dimmed">
            {title}
          </Title>
          <ul className={classes['sentences']}>
            {sentencesOf(told.data, part).map((sentence) => (
              <li key={sentence.says + sentence.rules.length}>
                <Said sentence={sentence} outline={outline} />
              </li>
            ))}
          </ul>
        </div>
      ))}
      <Claim explanation={told.data} />
      <Arguments explanation={told.data} outline={outline} below={below} />
      {told.data.missing.length > 0 && (
        <Text size="sm">
          <Tag tone="warn">evidence is missing</Tag> {told.data.missing.map(({ says }) => says).join('; ')}
        </Text>
      )}
    </Stack>
  );
}

function Said({ sentence: { says, rules, evidence }, outline }: { sentence: Sentence; outline: Outline }) {
  const opened = useOpened();
  const [decisive, looked] = [
    rules.filter(({ outcome }) => outcome !== 'pass'),
    rules.filter(({ outcome }) => outcome === 'pass'),
  ];
  return (
    <>
      <span>{capital(plain(says, opened))}</span>
      {decisive.map(({ rule, outcome, reason }) => (
        <div key={rule} className={classes['rule']}>
          <b>{rule}</b> {VERDICTS[outcome] ?? outcome}: {plain(reason, opened)}
        </div>
      ))}
      {looked.length > 0 && (
        <details className={classes['rule']}>
          <summary>
            {looked.length === 1 ? '1 rule had no objection' : `${looked.length} rules had no objection`}
          </summary>
          <ul>
            {looked.map(({ rule, reason }) => (
              <li key={rule}>
                <b>{rule}</b>: {plain(reason, opened)}
              </li>
            ))}
          </ul>
        </details>
      )}
      <Evidence ids={evidence} outline={outline} />
    </>
  );
}

const VERDICTS: Record<string, string> = { allow: 'allowed it', deny: 'denied it', escalate: 'asked for a person' };
/** A person's name begins as it is written: "alice (support-agent)". */
const capital = (text: string) =>
  /^[\w@.-]+ \(/.test(text) ? text : `${text.charAt(0).toUpperCase()}${text.slice(1)}`;

/** What the model said it was doing: nothing rests on it. */
function Claim({ explanation: { account } }: { explanation: Explanation }) {
  const { rationale } = ((account as { model?: unknown }).model ?? {}) as { rationale?: unknown };
  if (typeof rationale !== 'string' || rationale === '') return null;
  return (
    <Text size="sm" component="div">
      <Tag tone="warn">the model&apos;s own words: a claim</Tag> “{rationale}”
    </Text>
  );
}

/** What it was called with, and where each value comes from, as policy computed it. */
function Arguments({ explanation, outline, below }: { explanation: Explanation; outline: Outline; below: 3 | 4 }) {
  const opened = useOpened();
  const decided = decidedOn(outline.events, explanation.actionId);
  const { intentId } = outline;
  const event = useQuery({
    ...getV1TracesIntentIdEventsOptions({ path: { intentId }, query: { place: decided?.place ?? '' } }),
    enabled: decided !== undefined,
  });
  const { effective, proposed } = explanation.account as { effective?: unknown; proposed?: unknown };
  const given = (effective ?? proposed) as Record<string, unknown> | undefined;
  if (!given || Object.keys(given).length === 0) return null;
  const facts = (event.data?.data[0]?.data as { facts?: { provenance?: Record<string, Provenance> } } | undefined)
    ?.facts;
  const shown = (value: unknown) => {
    const token = sealedToken(value);
    return token !== undefined && opened.has(token) ? valueText(opened.get(token)) : valueText(value);
  };
  return (
    <div>
      <Title order={below} size="h6" c="dimmed">
        What it was called with
      </Title>
      <Table withRowBorders={false} verticalSpacing={2} className={classes['arguments']}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">Argument</Table.Th>
            <Table.Th scope="col">Value</Table.Th>
            <Table.Th scope="col">Where it comes from</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {Object.entries(given).map(([field, value]) => (
            <Table.Tr key={field}>
              <Table.Th scope="row">{fieldName(field)}</Table.Th>
              <Table.Td>{shown(value)}</Table.Td>
              <Table.Td>
                {facts?.provenance && doubtOf(facts.provenance[field]) && (
                  <>
                    <Tag tone="warn">{doubtOf(facts.provenance[field])!}</Tag>{' '}
                  </>
                )}
                {facts?.provenance ? provenanceText(facts.provenance[field]) : event.isLoading ? '…' : 'not told'}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}
