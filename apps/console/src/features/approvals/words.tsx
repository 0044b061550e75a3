import { Blockquote, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getV1TracesIntentIdOptions } from '../../api/generated/@tanstack/react-query.gen.js';
import { PageLink } from '../../ui/link.js';
import { Tag } from '../../ui/tag.js';
import type { Whole } from './item.js';

/** What was asked for, and what the model said it was doing: labelled, since neither is a reason to approve. */
export function Words({ item }: { item: Whole }) {
  const trace = useQuery({ ...getV1TracesIntentIdOptions({ path: { intentId: item.intentId } }), retry: false });
  const asked = trace.data?.text;
  const proposal = trace.data?.records.find(
    ({ type, actionId }) => type === 'countersign.action.proposed.v1' && actionId === item.actionId,
  );
  const claim = (proposal?.data as { rationale?: unknown } | undefined)?.rationale;
  return (
    <Stack component="section" gap="xs" aria-label="What was said">
      <Title order={2} size="h4">
        What was said
      </Title>
      {asked && <Said by={`${item.requestedBy}, who asked`}>{asked}</Said>}
      {typeof claim === 'string' && (
        <Said by="A claim: nothing of it was checked." isModels>
          {claim}
        </Said>
      )}
      <Text size="sm">
        <PageLink to="/traces/$intentId" params={{ intentId: item.intentId }}>
          The whole trace
        </PageLink>
      </Text>
    </Stack>
  );
}

function Said({ by, isModels = false, children }: { by: string; isModels?: boolean; children: string }) {
  return (
    <Stack component="figure" gap={4} m={0}>
      <Text component="figcaption" size="sm">
        {isModels && <Tag tone="warn">model’s own words</Tag>} {by}
      </Text>
      <Blockquote p="sm" color={isModels ? 'yellow' : 'gray'}>
        {children}
      </Blockquote>
    </Stack>
  );
}
