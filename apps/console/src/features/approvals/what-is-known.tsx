import { Alert, List, Stack, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import { Changes } from '../../ui/changes.js';
import { Facts } from '../../ui/facts.js';
import { Hint } from '../../ui/hint.js';
import { fieldName, recordName, sealedToken, valueText } from '../../ui/record-name.js';
import { Tag, type Tone } from '../../ui/tag.js';
import { Time } from '../../ui/time.js';
import { doubtOf, effectLines, provenanceText, type Whole } from './item.js';
import { Words } from './words.js';

/** Everything a person decides on, what matters most on top. */
export function WhatIsKnown({ item }: { item: Whole }) {
  const lines = effectLines(item);
  return (
    <Stack gap="lg">
      {item.cautions.length > 0 && (
        <Alert color="yellow" title="Look at these first" role="status">
          <List size="sm">
            {item.cautions.map(({ argument, says }) => (
              <List.Item key={argument}>
                <b>{fieldName(argument)}</b>: {says}
              </List.Item>
            ))}
          </List>
        </Alert>
      )}
      <Section title="What it is given">
        <Arguments item={item} />
      </Section>
      <Section title="What will change">
        {item.preview === null ? (
          <Text size="sm">No preview was made of it.</Text>
        ) : (
          <Changes
            caption="As the tool computed it; a commit that would do anything else is not made."
            changes={lines}
            heads={['Before', 'After']}
          />
        )}
        {item.edits && (
          <Changes
            caption={`Edited by ${item.edits.history.map(({ by }) => by).join(', ')}: ${item.edits.history.map(({ reason }) => reason).join('; ')}`}
            changes={item.edits.difference}
            heads={['Proposed', 'Now']}
          />
        )}
      </Section>
      <Section title="How far it reaches">
        <Facts
          facts={{
            Amount: item.blast.amount && `${item.blast.amount.amount} ${item.blast.amount.currency}`,
            'Records changed': String(item.blast.records),
            Affects: item.blast.affected.join(', '),
            'Can be undone': item.blast.reversible ? <Tag tone="good">yes</Tag> : <Tag tone="warn">no</Tag>,
          }}
        />
      </Section>
      <Section title="Why a person is asked">
        <Rules item={item} />
      </Section>
      <Section title="What was read">
        <List size="sm">
          {item.recordsRead.map((record) => (
            <List.Item key={`${record.system} ${record.type} ${record.id}`}>
              {recordName(record)}, <Time at={record.at} />
            </List.Item>
          ))}
        </List>
      </Section>
      <Words item={item} />
    </Stack>
  );
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Stack component="section" gap="xs" aria-label={title}>
      <Title order={2} size="h4">
        {title}
      </Title>
      {children}
    </Stack>
  );
}

/** Argument by argument: the value, and on hover and focus where it comes from. */
function Arguments({ item }: { item: Whole }) {
  const facts = Object.entries(item.arguments).map(([name, value]) => {
    const from = item.provenance[name];
    const doubt = doubtOf(from);
    return [
      fieldName(name),
      <span key={name}>
        <Hint says={provenanceText(from)}>
          <Value value={value} opened={item.opened} />
        </Hint>{' '}
        {doubt && <Tag tone="warn">{doubt}</Tag>}
      </span>,
    ];
  });
  return (
    <>
      <Facts facts={Object.fromEntries(facts) as Record<string, ReactNode>} />
      {item.opened && (
        <Text size="xs" c="dimmed">
          Sealed values are opened for you since you may decide this. That you saw them is recorded.
        </Text>
      )}
    </>
  );
}

function Value({ value, opened }: { value: unknown; opened: Whole['opened'] }) {
  const token = sealedToken(value);
  if (token === undefined) return <b>{valueText(value)}</b>;
  const plain = opened?.[token];
  return plain === undefined ? <Tag tone="plain">sealed</Tag> : <b>{valueText(plain)}</b>;
}

const OUTCOMES: Record<string, [Tone, string]> = {
  allow: ['good', 'allows'],
  escalate: ['warn', 'asks a person'],
  deny: ['bad', 'denies'],
  pass: ['plain', 'has no say'],
};

function Rules({ item }: { item: Whole }) {
  const order = ['deny', 'escalate', 'allow', 'pass'];
  const rules = [...item.rules].sort((a, b) => order.indexOf(a.outcome) - order.indexOf(b.outcome));
  return (
    <Stack gap={6}>
      {rules.map(({ rule, outcome, reason }) => {
        const [tone, word] = OUTCOMES[outcome] ?? ['plain', outcome];
        return (
          <Text size="sm" key={rule}>
            <Tag tone={tone}>{word}</Tag> <b>{fieldName(rule.replaceAll('-', ' '))}</b>: {reason}
          </Text>
        );
      })}
      <Text size="xs" c="dimmed">
        {`${item.approvalsNeeded === 1 ? 'One person' : `${item.approvalsNeeded} people`} of ${item.approverRoles.join(' or ')} decide${item.approvalsNeeded === 1 ? 's' : ''}; never who asked. Rules ${item.policyVersion.slice(0, 8)}, ${item.tool} ${item.toolVersion}.`}
      </Text>
    </Stack>
  );
}
