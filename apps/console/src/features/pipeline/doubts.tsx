import { Alert, Button, Card, Group, Radio, Stack, Text, Textarea, Title } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import {
  getV1InDoubtOptions,
  getV1ToolsOptions,
  postV1InDoubtActionIdResolveMutation,
} from '../../api/generated/@tanstack/react-query.gen.js';
import type { GetV1InDoubtResponses } from '../../api/generated/types.gen.js';
import { Confirm } from '../../ui/confirm.js';
import { Facts } from '../../ui/facts.js';
import { PageLink } from '../../ui/link.js';
import { settlersOf } from '../workflows/tools.js';
import { fieldName, toolName, valueText } from '../../ui/record-name.js';
import { Empty, Failed, Loading } from '../../ui/states.js';
import { Time } from '../../ui/time.js';

type Doubt = GetV1InDoubtResponses[200]['data'][number];

/** Commits nobody knows the outcome of, each with what is known and how to find out the rest. */
export function Doubts() {
  const doubts = useQuery({ ...getV1InDoubtOptions({ query: { limit: 200 } }), refetchInterval: 5_000 });
  const [chosen, setChosen] = useState<Doubt>();
  if (doubts.isPending) return <Loading label="what is in doubt" />;
  if (doubts.isError) return <Failed error={doubts.error} onRetry={() => void doubts.refetch()} />;
  if (doubts.data.data.length === 0)
    return <Empty title="Nothing is in doubt">Everything that was sent is known to be done, or not to be.</Empty>;
  return (
    <Stack gap="md">
      {doubts.data.data.map((doubt) => (
        <Known key={doubt.actionId} doubt={doubt} onChoose={() => setChosen(doubt)} />
      ))}
      {doubts.data.nextCursor && (
        <Text size="sm">These are the first 200. The others follow as these are resolved.</Text>
      )}
      {chosen && <Verdict doubt={chosen} onClose={() => setChosen(undefined)} />}
    </Stack>
  );
}

function Known({ doubt, onChoose }: { doubt: Doubt; onChoose: () => void }) {
  const { lookup } = doubt;
  const { data: tools } = useQuery(getV1ToolsOptions());
  return (
    <Card withBorder component="article" aria-label={`${toolName(doubt.tool)} in doubt`}>
      <Group justify="space-between" align="flex-start">
        <Title order={2} size="h4">
          {`${toolName(doubt.tool)}${doubt.amount ? ` of ${doubt.amount.amount} ${doubt.amount.currency}` : ''}, in doubt`}
        </Title>
        <Button variant="default" onClick={onChoose}>
          Say what became of it…
        </Button>
      </Group>
      <Facts
        facts={{
          'In doubt since': <Time at={doubt.since} />,
          'What is known': doubt.known,
          'How to find out': doubt.howToFindOut,
          'Whose word counts': settlersOf(doubt.tool, tools?.data ?? []).join(', '),
          Given: Object.entries(doubt.arguments ?? {})
            .map(([name, value]) => `${fieldName(name)} ${valueText(value)}`)
            .join(', '),
          Sent: `${doubt.attempts} ${doubt.attempts === 1 ? 'time' : 'times'} to ${doubt.target}`,
          'First sent': doubt.firstSentAt && <Time at={doubt.firstSentAt} />,
          'Last sent': doubt.lastSentAt && <Time at={doubt.lastSentAt} />,
          'Looked up': lookup.lastAskedAt ? (
            <>
              <Time at={lookup.lastAskedAt} />: {lookup.said ?? 'no answer'}
              {lookup.asking ? '; it goes on asking' : ''}
            </>
          ) : lookup.asking ? (
            'not yet; it goes on asking'
          ) : (
            'this target can’t be asked'
          ),
          'Idempotency key': doubt.idempotencyKey,
          Trace: (
            <PageLink to="/traces/$intentId" params={{ intentId: doubt.intentId }}>
              Its trace
            </PageLink>
          ),
        }}
      />
    </Card>
  );
}

function Verdict({ doubt, onClose }: { doubt: Doubt; onClose: () => void }) {
  const [outcome, setOutcome] = useState<'committed' | 'failed'>();
  const [reason, setReason] = useState('');
  const client = useQueryClient();
  const resolve = useMutation({
    ...postV1InDoubtActionIdResolveMutation(),
    onSettled: () => client.invalidateQueries({ queryKey: [{ _id: 'getV1InDoubt' }] }),
  });
  const said = resolve.data;
  return (
    <Confirm
      opened
      onClose={onClose}
      title="What became of it?"
      action="Say so"
      ready={outcome !== undefined && reason.trim() !== ''}
      done={resolve.isSuccess}
      busy={resolve.isPending}
      error={resolve.error}
      onConfirm={() => outcome && resolve.mutate({ path: { actionId: doubt.actionId }, body: { outcome, reason } })}
    >
      {said ? (
        <Alert role="status" color="green" title="Taken down">
          {said.nextStep}
        </Alert>
      ) : (
        <>
          <Text size="sm">{doubt.howToFindOut} Whatever you say, it is not sent again.</Text>
          <Radio.Group
            label="What you found"
            value={outcome ?? ''}
            onChange={(value) => setOutcome(value as 'committed')}
            required
          >
            <Stack gap="xs" mt="xs">
              <Radio value="committed" label={`It was done: ${doubt.target} has it`} />
              <Radio value="failed" label={`It was not done: ${doubt.target} does not have it`} />
            </Stack>
          </Radio.Group>
          <Textarea
            label="How you know"
            description="Kept with your verdict; policy checks that you may give it."
            required
            maxLength={2000}
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value)}
          />
        </>
      )}
    </Confirm>
  );
}
