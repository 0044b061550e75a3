import { Button, Stack, Table, Text } from '@mantine/core';
import { PageLink } from '../../ui/link.js';
import { Tag } from '../../ui/tag.js';
import { Time } from '../../ui/time.js';
import { pathScope, reached, type Scope, type Switch } from './scopes.js';
import classes from './scope-table.module.css';

interface Props {
  scopes: Scope[];
  mayChange: boolean;
  /** Whether this is what the API says now; if not, it is what it said last. */
  isKnown: boolean;
  onChoose: (scope: Scope) => void;
}

/** Scope by scope, the whole on top: what stops it, since when, and how far that has come. */
export function ScopeTable({ scopes, mayChange, isKnown, onChoose }: Props) {
  return (
    <Table verticalSpacing="xs" aria-label="What can be stopped">
      <Table.Thead>
        <Table.Tr>
          <Table.Th scope="col">Scope</Table.Th>
          <Table.Th scope="col">State</Table.Th>
          <Table.Th scope="col" visibleFrom="sm">
            Last change
          </Table.Th>
          {mayChange && <Table.Th scope="col">Change</Table.Th>}
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {scopes.map((scope) => (
          <Table.Tr key={scope.scope}>
            <Table.Th
              scope="row"
              className={classes['scope']}
              data-level={scope.level}
              fw={scope.level === 3 ? 400 : 600}
            >
              {scope.title}
            </Table.Th>
            <Table.Td>
              <State scope={scope} isKnown={isKnown} />
              {scope.own && (
                <Text size="xs" component="div" hiddenFrom="sm">
                  <Last own={scope.own} />
                </Text>
              )}
            </Table.Td>
            <Table.Td visibleFrom="sm">
              <Text size="sm" component="div" {...(scope.own ? {} : { c: 'dimmed' })}>
                {scope.own ? <Last own={scope.own} /> : 'never tripped'}
              </Text>
            </Table.Td>
            {mayChange && (
              <Table.Td>
                <Button
                  size="compact-sm"
                  variant={scope.own?.killed ? 'filled' : 'outline'}
                  color={scope.own?.killed ? 'blue' : 'red'}
                  onClick={() => onChoose(scope)}
                  aria-label={`${scope.own?.killed ? 'Re-arm' : 'Trip'} ${pathScope(scope.scope)}`}
                >
                  {scope.own?.killed ? 'Re-arm…' : 'Trip…'}
                </Button>
              </Table.Td>
            )}
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

function State({ scope: { own, stoppedBy }, isKnown }: { scope: Scope; isKnown: boolean }) {
  if (!isKnown) return <Tag tone="warn">{own?.killed ? 'unknown, was stopped' : 'unknown'}</Tag>;
  if (own?.killed) return own.inForce ? <Tag tone="bad">stopped</Tag> : <Tag tone="warn">being stopped</Tag>;
  if (stoppedBy.length > 0)
    return (
      <Stack gap={2}>
        <Tag tone="bad">stopped</Tag>
        <Text size="xs">{`by ${stoppedBy.map(pathScope).join(' and ')}`}</Text>
      </Stack>
    );
  return own && !own.inForce ? <Tag tone="warn">being re-armed</Tag> : <Tag tone="good">armed</Tag>;
}

function Last({ own }: { own: Switch }) {
  return (
    <>
      {own.killed ? 'Tripped' : 'Re-armed'}
      {own.by ? ` by ${own.by}` : ''} {own.at && <Time at={own.at} />}
      {own.reason ? `: ${own.reason}` : ''}; {reached(own)}
      {own.inDoubt && own.inDoubt.length > 0 && (
        <>
          ;{' '}
          <PageLink to="/pipeline" search={{ part: 'doubt' }}>
            {`${own.inDoubt.length} in doubt when it came into force`}
          </PageLink>
        </>
      )}
    </>
  );
}
